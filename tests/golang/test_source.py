"""Go source: what grows without a bound, what does not, and which call wrote a line."""

import pytest

from gctail.golang.source import containers_of, match_message, read_sources, source_of

HEAD = 'package app\n\nimport (\n\t"net/http"\n\t"sync"\n)\n\nvar _ = sync.Mutex{}\nvar _ http.Request\n\n'
PUT = "func handle(w http.ResponseWriter, r *http.Request) {\n\tm[r.URL.Path] = 1\n}\n"


def read(**files):
    """Sources of one folder; `a` is `app/a.go`."""
    return read_sources((f"app/{name}.go", text.encode()) for name, text in files.items())


def verdict(code, name="m", **more):
    """What is made of a container of `code`."""
    sources = read(a=HEAD + code, **more)
    assert sources.skipped == []
    return next(each for each in sources.containers if each.name == name)


def test_a_package_level_map_that_requests_fill_is_critical():
    found = verdict("var mu sync.Mutex\nvar m = map[string]int{}\n" + PUT)
    assert (found.verdict, found.severity, found.keys, found.mutex) == ("unbounded", "critical", "request", "mu")
    assert [(place.function, place.key) for place in found.writes] == [("handle", "r.URL.Path")]


def test_keys_are_followed_through_parameters():
    found = verdict(
        "var m = map[string]int{}\nfunc put(k string) { m[k]++ }\n"
        'func handle(w http.ResponseWriter, r *http.Request) {\n\tid := r.Header.Get("id")\n\tput(id)\n}\n'
    )
    assert (found.severity, found.keys) == ("critical", "request")


@pytest.mark.parametrize(
    ("kept", "because"),
    [
        ("func gone(k string) { delete(m, k) }\nvar Gone = gone\n", "emptied"),
        ("func Reset() { clear(m) }\n", "emptied"),
        ("func Reset() { m = make(map[string]int) }\n", "emptied"),
        ("func Reset() { m = nil }\n", "emptied"),
        ("func Evict() { evict(m) }\nfunc evict(x map[string]int) { for k := range x { delete(x, k) } }\n", "emptied"),
        ("func Evict() { x := m; for k := range x { delete(x, k) } }\n", "emptied"),
        ("func Room() bool { return len(m) < 100 }\n", "bounded"),
        ("func Room() bool { n := len(m); if n >= 100 { return false }; return true }\n", "bounded"),
    ],
)
def test_a_map_that_something_empties_or_bounds_is_not_accused(kept, because):
    assert verdict("var m = map[string]int{}\n" + PUT + kept).verdict == because


def test_a_delete_in_another_file_or_package_counts():
    other = "package app\nfunc Gone(k string) { delete(m, k) }\n"
    assert verdict("var m = map[string]int{}\n" + PUT, b=other).verdict == "emptied"
    sources = read_sources([
        ("store/a.go", b"package store\nvar M = map[string]int{}\nfunc Put(k string) { M[k] = 1 }\n"),
        ("web/b.go", b'package web\nimport "example.com/x/store"\nfunc Gone(k string) { delete(store.M, k) }\n'),
    ])  # fmt: skip
    assert [each.verdict for each in sources.containers] == ["emptied"]


def test_a_delete_in_a_function_that_nobody_calls_does_not_count():
    assert verdict("var m = map[string]int{}\n" + PUT + "func gone(k string) { delete(m, k) }\n").verdict == "unbounded"


@pytest.mark.parametrize(
    "code",
    [
        'var m = map[string]int{"a": 1}\nfunc Look(k string) int { return m[k] }\n',
        'var m = map[string]int{}\nfunc init() { for _, k := range []string{"a"} { m[k] = 1 } }\n',
        'var m = map[string]int{}\nfunc init() { register("a") }\nfunc register(k string) { m[k] = 1 }\n',
        'var m = map[string]int{}\nfunc Count() { m["all"]++ }\n',
        'var m = map[string]int{}\nfunc count(k string) { m[k]++ }\nfunc A() { count("a") }\nfunc B() { count("b") }\n',
        "type Kind int\nconst A Kind = 1\nvar m = map[Kind]int{}\nfunc Count(k Kind) { m[k]++ }\n",
        "var m []int\nfunc Set(i, v int) { m[i] = v }\n",
        "var m = map[string]int{}\nfunc Local(k string) { m := map[string]int{}; m[k] = 1 }\n",
    ],
)
def test_tables_are_not_accused(code):
    assert verdict(code).verdict in {"never-written", "filled-at-start", "few-keys"}


def test_who_registers_what_there_is_at_the_start_is_not_told():
    found = verdict("var m = map[string]int{}\nfunc Register(k string) { m[k] = 1 }\n")
    assert (found.verdict, found.certainty, found.told) == ("unbounded", "unlikely", False)


def told(code):
    """What `gctail scan` lists of `code`: names and severities."""
    return {each.name: each.severity for each in read(a=HEAD + code).unbounded()}


STORE = "type Store struct {{ {more}items map[string]int }}\nfunc (s *Store) {method} {{ s.items[k] = 1 }}\n"
HANDLED = "func Handle(s *Store, r *http.Request) {{ s.{call} }}\n"


@pytest.mark.parametrize(
    "more", ["mu sync.Mutex; ", "mu syncs.RWMutex; ", "stop chan struct{}; ", "stop context.CancelFunc; "]
)
def test_a_field_of_what_is_shared_or_can_be_stopped_is_told(more):
    code = STORE.format(more=more, method="Put(k string)")
    assert told(code) == {"Store.items": "info"}
    assert told(code + HANDLED.format(call="Put(r.Host)")) == {"Store.items": "warning"}


def test_a_field_of_what_is_made_for_one_piece_of_work_is_not_told():
    code = STORE.format(more="", method="Put(k string)") + HANDLED.format(call="Put(r.Host)")
    assert told(code) == {}
    assert told(code.replace("items map", "mu sync.Mutex; items map").replace("Store", "RequestBuilder")) == {}


COLLECTOR = (
    "type collector struct { mu sync.Mutex; seen map[string]bool }\n"
    "func newCollector() *collector { return &collector{seen: map[string]bool{}} }\n"
    "func newLoudCollector() *collector { return newCollector() }\n"
    "func (c *collector) add(k string) { c.seen[k] = true }\n"
    "var all struct { list []*collector }\n"
)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("\tc := newCollector()\n\tc.add(r.URL.Path)\n\tlog(c)\n", False),
        ("\tvar c = newLoudCollector()\n\tc.add(r.URL.Path)\n", False),
        ("\tc := newCollector()\n\tc.add(r.URL.Path)\n\tall.list = append(all.list, c)\n", True),
        ("\tc := newCollector()\n\tc.add(r.URL.Path)\n\tregister(c)\n", True),
        ("\tc := newCollector()\n\tc.add(r.URL.Path)\n\tall.list[0] = c\n", True),
        ("\tc := newCollector()\n\tc.add(r.URL.Path)\n\tqueue <- c\n", True),
        ("\tgo func() {\n\t\tc := newCollector()\n\t\tc.add(r.URL.Path)\n\t}()\n", True),
    ],
)
def test_a_field_of_what_a_request_makes_and_lets_go_is_not_told(made, told):
    handler = "func handle(w http.ResponseWriter, r *http.Request) {\n" + made + "}\n"
    found = verdict(COLLECTOR + handler, "collector.seen")
    assert (found.verdict, found.told) == ("unbounded", told), found.why


def test_what_is_made_once_is_told_though_nobody_else_has_it():
    made = "func main() { serve() }\nfunc serve() {\n\tc := newCollector()\n\tlisten(c)\n}\n"
    handler = "func (c *collector) handle(w http.ResponseWriter, r *http.Request) { c.add(r.URL.Path) }\n"
    assert verdict(COLLECTOR + made + handler, "collector.seen").told


def test_what_a_constructor_fills_before_anybody_has_it_does_not_count():
    code = (
        "type Store struct { mu sync.Mutex; items map[string]int }\n"
        "func New(names []string) *Store {\n\ts := &Store{items: map[string]int{}}\n"
        "\tfor _, k := range names { s.items[k] = 1 }\n\treturn s\n}\n"
    )
    assert verdict(code, "Store.items").verdict == "never-written"
    served = code.replace(
        "return s",
        "http.HandleFunc(names[0], func(w http.ResponseWriter, r *http.Request) { s.items[r.Host]++ })\n\treturn s",
    )
    assert told(served) == {"Store.items": "warning"}


def test_a_count_by_key_that_comes_back_to_nothing_and_stays_is_told():
    code = (
        "type limiter struct { mu sync.Mutex; open map[string]int }\n"
        "func (l *limiter) up(ip string) { l.open[ip]++ }\nfunc (l *limiter) down(ip string) { l.open[ip]-- }\n"
        "func (l *limiter) ServeTCP(c Conn) { ip := c.RemoteAddr().String(); l.up(ip); defer l.down(ip) }\n"
    )
    found = verdict(code, "limiter.open")
    assert (found.severity, found.keys) == ("warning", "request")
    assert found.why.startswith("counted up and down by key, and an entry that is back at 0 is never deleted")


@pytest.mark.parametrize(
    "decode",
    ["json.NewDecoder(r.Body).Decode(&order)", "body, _ := io.ReadAll(r.Body); json.Unmarshal(body, &order)"],
)
def test_what_is_decoded_from_a_request_comes_from_it(decode):
    code = (
        "type Order struct { ID string }\nvar m = map[string]Order{}\n"
        f"func handle(w http.ResponseWriter, r *http.Request) {{ var order Order; {decode}; m[order.ID] = order }}\n"
    )
    assert verdict(code).severity == "critical"


@pytest.mark.parametrize("made", ["var kept = store.New()", "var kept store.Names", "var kept = &store.Names{}"])
def test_what_a_variable_of_another_package_keeps_lives_as_long_as_the_program(made):
    store = b"package store\ntype Names struct { m sync.Map }\nfunc New() *Names { return &Names{} }\nfunc (n *Names) Add(k string) { n.m.Store(k, 1) }\n"
    web = f'package web\nimport ("net/http"; "x.org/shop/store")\n{made}\nfunc Handle(r *http.Request) {{ kept.Add(r.Host) }}\n'
    [found] = read_sources([("store/s.go", store), ("web/w.go", web.encode())]).containers
    assert (found.name, found.scope, found.severity) == ("Names.m", "singleton", "critical")


@pytest.mark.parametrize(
    "loop", ["for i := int64(0); ; i++ {\n\t\tm[i] = 1\n\t}", "i := 0\n\tfor {\n\t\tm[i] = 1\n\t\ti++\n\t}"]
)
def test_what_a_loop_counts_is_another_key_in_every_round(loop):
    assert verdict(f"var m = map[int64]int{{}}\nfunc main() {{\n\t{loop}\n}}\n").verdict == "unbounded"


@pytest.mark.parametrize(
    ("folder", "severity"), [("cmd/shop", "critical"), ("tools/shop", "info"), ("docs/debugging", "info")]
)
def test_a_program_that_runs_for_a_moment_is_no_service(folder, severity):
    code = HEAD + "var m = map[string]int{}\n" + PUT
    [found] = read_sources([(f"{folder}/main.go", code.encode())]).unbounded()
    assert found.severity == severity


def test_a_method_that_only_calls_its_like_may_be_called_by_others():
    code = PUT + (
        "var m = map[string]int{}\ntype all struct{ of []Collector }\n"
        "func (a *all) Collect() { for _, each := range a.of { each.Collect() }; m = nil }\n"
    )
    assert verdict(code).verdict == "emptied"


def test_a_new_of_a_value_is_read():
    """`new(int64(1))` is Go since 1.26."""
    code = 'var one = new(int64(1))\nvar cells = new([]int)\nvar m = map[string]int{}\nvar word = new("x")\n' + PUT
    assert verdict(code).severity == "critical"


def test_what_tests_are_made_with_is_left_out():
    body = b"package x\nvar m = map[string]int{}\nfunc Put(k string) { m[k] = 1 }\n"
    paths = ["e2e/a.go", "pkg/testutil/b.go", "pkg/mock_store.go", "pkg/store_mock.go", "speedtest/latest.go"]
    sources = read_sources((path, body) for path in paths)
    assert (sources.files, sources.left_out) == (1, {"test": 4})


def test_making_a_map_when_it_is_nil_is_no_emptying():
    found = verdict("var m map[string]int\n" + PUT + "func Lazy() { if m == nil { m = map[string]int{} } }\n")
    assert found.verdict == "unbounded"


@pytest.mark.parametrize(
    ("declared", "write"),
    [
        ("var m sync.Map\n", "m.Store(r.URL.Path, 1)"),
        ("var m sync.Map\n", "m.LoadOrStore(r.URL.Path, 1)"),
        ("var m []string\n", "m = append(m, r.URL.Path)"),
        ("var m = map[string][]int{}\n", "m[r.URL.Path] = append(m[r.URL.Path], 1)"),
        ("type registry map[string]int\nvar m = registry{}\nfunc (x registry) put(k string) { x[k] = 1 }\n", "m.put(r.Host)"),
    ],
)  # fmt: skip
def test_every_kind_of_container_is_known(declared, write):
    code = declared + f"func handle(w http.ResponseWriter, r *http.Request) {{ {write} }}\n"
    found = verdict(code)
    assert (found.verdict, found.severity) == ("unbounded", "critical")


def test_fields_of_package_level_structs_count_and_generic_ones_too():
    code = (
        "type Cache[K comparable, V any] struct { mu sync.RWMutex; items map[K]V }\n"
        "func New[K comparable, V any]() *Cache[K, V] { return &Cache[K, V]{items: map[K]V{}} }\n"
        "func (c *Cache[K, V]) Put(k K, v V) { c.mu.Lock(); c.items[k] = v; c.mu.Unlock() }\n"
        "var sessions = &Cache[string, int]{}\n"
        "func handle(w http.ResponseWriter, r *http.Request) { sessions.Put(r.Host, 1) }\n"
    )
    found = verdict(code, "Cache.items")
    assert (found.verdict, found.scope, found.severity, found.mutex) == ("unbounded", "package", "critical", "mu")


def test_vendored_generated_and_test_files_are_left_out_and_counted():
    body = b"package x\nvar m = map[string]int{}\nfunc Put(k string) { m[k] = 1 }\n"
    sources = read_sources([
        ("a/vendor/v.go", body),
        ("b/gen.go", b"// Code generated by protoc-gen-go. DO NOT EDIT.\n\n" + body),
        ("b/x_test.go", body),
        ("b/ignored.go", b"//go:build ignore\n\n" + body),
    ])  # fmt: skip
    assert (sources.files, sources.containers) == (0, [])
    assert sources.left_out == {"vendored": 1, "generated": 1, "test": 1, "excluded by go:build ignore": 1}


def test_what_does_not_parse_is_named_and_the_rest_is_read():
    sources = read(a=HEAD + "var m = map[string]int{}\n" + PUT, b="package app\nfunc {{{\n", c="\xff\xfe\x00")
    assert [path for path, _ in sources.skipped] == ["app/b.go", "app/c.go"]
    assert "line 2" in sources.skipped[0][1]
    assert len(sources.unbounded()) == 1


def test_source_that_is_nested_without_end_is_skipped():
    sources = read(a="package a\nvar x = " + "(" * 5000 + "1" + ")" * 5000 + "\n")
    assert sources.containers == []
    sources = read(b="package a\nfunc f() { " + "if x { " * 3000 + "}" * 3000 + " }\n")
    assert [path for path, _ in sources.skipped] == ["app/b.go"]


CALLS = """package app
import (
    "context"; "fmt"; "log"; "log/slog"; "os"
    "go.uber.org/zap"; "github.com/rs/zerolog"; zlog "github.com/rs/zerolog/log"; "github.com/sirupsen/logrus"
    "k8s.io/klog/v2"
)
const prefix = "[Cache] "
type server struct { logger *zap.SugaredLogger }
func f(ctx context.Context, s *server, l zerolog.Logger, id string, err error) {
    log.Printf("std %s of %d", id, 3)
    log.Println("std line", id)
    slog.Info("slog message", "id", id)
    slog.ErrorContext(ctx, "slog with context")
    slog.With("a", 1).Warn("slog chained")
    slog.LogAttrs(ctx, slog.LevelInfo, "slog attrs")
    s.logger.Infow("zap sugared", "id", id)
    zap.L().Info("zap plain", zap.String("id", id))
    zlog.Info().Str("id", id).Msg("zerolog message")
    l.Warn().Msgf("zerolog format %v", id)
    logrus.WithFields(logrus.Fields{"id": id}).Errorf("logrus format %q", id)
    klog.V(2).InfoS("klog structured", "id", id)
    klog.ErrorS(err, "klog error")
    fmt.Fprintf(os.Stderr, "fmt to stderr %s\\n", id)
    fmt.Fprintf(w, "an answer, no log %s\\n", id)
    log.Print(prefix + "concatenated " + id)
    msg := fmt.Sprintf("made before %d", 3)
    log.Print(msg)
    fmt.Errorf("no log line %w", err)
}
"""


def test_log_calls_of_every_library_are_found():
    found = {(call.library, call.level, call.pieces) for call in read(a=CALLS).logs}
    assert found == {
        ("log", "", ("std ", None, " of ", None)),
        ("log", "", ("std line ", None)),
        ("slog", "info", ("slog message",)),
        ("slog", "error", ("slog with context",)),
        ("slog", "warn", ("slog chained",)),
        ("slog", "", ("slog attrs",)),
        ("logger", "info", ("zap sugared",)),
        ("zap", "info", ("zap plain",)),
        ("zerolog", "info", ("zerolog message",)),
        ("logger", "warn", ("zerolog format ", None)),
        ("logrus", "error", ("logrus format ", None)),
        ("klog", "info", ("klog structured",)),
        ("klog", "error", ("klog error",)),
        ("fmt", "", ("fmt to stderr ", None, "\n")),
        ("log", "", ("[Cache] concatenated ", None)),
        ("log", "", ("made before ", None)),
    }


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("slog message", 12),
        ("std <*> of <*>", 10),
        ("std  of ", 10),
        ("[Cache] concatenated <id>", 25),
        ("nothing like it", None),
        ("of", None),
    ],
)
def test_a_message_finds_its_call(message, line):
    sites = match_message(read(a=CALLS).logs, message)
    assert (sites[0].line if sites else None) == line


HELPERS = """package app

import "log"

type Server struct{ seen map[string]int }

func (s *Server) write(level int, text string, v ...any) { log.Printf("[srv] "+text, v...) }
func (s *Server) Noticef(format string, v ...any)        { s.write(1, format, v...) }
func (s *Server) tell(what string)                       { s.Noticef(what) }

func (s *Server) accept(id string) {
	s.seen[id]++
	s.Noticef("accepted %s of %d", id, len(id))
}

func (s *Server) drop(id string) { s.tell("dropped for good") }
"""


def test_what_a_helper_of_the_program_writes_is_found_where_the_helper_is_called():
    found = {(call.pieces, call.level, call.at.line) for call in read(a=HELPERS).logs if call.at.line > 10}
    assert found == {(("accepted ", None, " of ", None), "notice", 13), (("dropped for good",), "notice", 16)}


def site_of(code, message):
    """Function and line of the call that wrote a message; None where none fits."""
    sites = match_message(read(a=code).logs, message)
    return (sites[0].function, sites[0].line) if sites else None


def test_a_message_in_any_script_finds_its_call():
    code = 'package app\nfunc f(l *slog.Logger) {\n\tl.Info("交易评分", "卡号", 1)\n\tl.Info("交易被拒绝")\n}\n'
    assert site_of(code, "交易评分 卡号=") == ("f", 3)


@pytest.mark.parametrize(
    "line",
    [
        'time=2026-11-28T14:56:10Z level=WARN source=/build/app/a.go:6 msg="heartbeat timeout"',
        '{"level":"warn","caller":"app/a.go:6","msg":"heartbeat timeout"}',
        "W1128 14:56:10.000000   12 a.go:6] heartbeat timeout",
        "2026/11/28 14:56:10 a.go:6: heartbeat timeout",
    ],
)
def test_of_calls_that_say_the_same_the_one_that_the_logger_tells_is_meant(line):
    code = 'package app\nfunc f(l *Logger) {\n\tl.Warn("heartbeat timeout")\n}\nfunc g(l *Logger) {\n\tl.Warn("heartbeat timeout")\n}\n'
    logs = read(a=code).logs
    assert [site.line for site in match_message(logs, "heartbeat timeout")] == [3, 6]
    assert [site.line for site in match_message(logs, "heartbeat timeout", example=line)] == [6]
    elsewhere = line.replace("a.go:6", "b.go:6")
    assert [site.line for site in match_message(logs, "heartbeat timeout", example=elsewhere)] == [3, 6]


def test_a_message_may_stand_behind_the_name_of_a_component():
    code = (
        'package app\nconst sender = "httpd"\nconst mismatch = "shards differ"\nfunc f() {\n'
        '\tlogger.Debug(sender, "", "the host %q is not allowed", host)\n\tlogger.Warn(mismatch, "key", 1)\n}\n'
    )
    assert site_of(code, "the host is not allowed") == ("f", 5)
    assert site_of(code, "shards differ") == ("f", 6)


def test_fields_that_were_written_into_the_message_do_not_hide_its_call():
    """Helpers print fields as they please, and a value that never changes looks like part of the text."""
    code = 'package app\nfunc f(l *Logger) {\n\tl.Warn("log sink is slow", "sink", name, "pending", n)\n\tl.Info("slow")\n}\n'
    assert site_of(code, "log sink is slow sink loki-gateway.monitoring:3100 (pending: ), dropped=false") == ("f", 3)


def test_the_container_nearest_to_the_line_comes_first_and_inner_literals_count():
    code = (
        "package app\nfunc init() {\n\treg(func(a *App) {\n\t\tm, n := map[string]int{}, map[string]int{}\n"
        '\t\ta.serve(func() {\n\t\t\tm[a.id()]++\n\t\t\tlog.Print("first of them")\n'
        '\t\t\tn[a.id()]++\n\t\t\tlog.Print("second of them")\n\t\t})\n\t})\n}\n'
    )
    sources = read(a=code)
    first = [each["name"] for each in source_of(sources, {"message": "first of them"})["containers"]]
    second = [each["name"] for each in source_of(sources, {"message": "second of them"})["containers"]]
    assert (first[0], second[0]) == ("m in init", "n in init")


def test_a_container_that_is_emptied_somewhere_is_named_too_where_no_other_is_filled():
    """Most leaks in the field are deletes that not every path comes to."""
    code = HEAD + (
        'var m = map[string]int{}\nfunc Open(k string) {\n\tm[k] = 1\n\tlog.Print("opened")\n}\n'
        "func Close(k string) { delete(m, k) }\n"
    )
    source = source_of(read(a=code), {"message": "opened"})
    assert source["containers"] == []
    assert [(each["name"], each["deletes"][0]["line"]) for each in source["emptied"]] == [("m", 16)]


@pytest.mark.parametrize(
    "record",
    ['emit(line{Level: "info", Msg: "page stored"})', 'emit(map[string]any{"msg": "page stored", "pages": len(m)})'],
)
def test_a_message_in_a_record_leads_to_who_makes_the_record(record):
    """Where no log call has it: one that does is who writes it."""
    code = HEAD + f"var m = map[string]int{{}}\nfunc Store(k string) {{\n\tm[k] = 1\n\t{record}\n}}\n"
    source = source_of(read(a=code), {"message": "page stored"})
    assert (source["function"], source["line"], source["text"]) == ("Store", 14, "page stored")
    assert [each["name"] for each in source["containers"]] == ["m"]
    logs = read(a=code + 'func other() { slog.Info("page stored") }\n').logs
    assert [site.function for site in match_message(logs, "page stored")] == ["other"]


@pytest.mark.parametrize(
    ("ranged", "grows"),
    [
        ("for _, m := range members { m.inbox = append(m.inbox, k) }", ["member.inbox"]),
        ("for _, m := range members { m.seen[k] = 1 }", ["member.seen"]),
        ("for _, inner := range deep { inner[k] = 1 }", ["deep"]),
        ("for _, list := range lists { list = append(list, k) }", []),
        ("for i := range members { members[i].inbox = nil }", []),
    ],
)
def test_what_is_ranged_over_is_known_by_what_it_holds(ranged, grows):
    """Who joined a room has an inbox that nobody reads; a slice that is appended to under a local name keeps nothing."""
    code = HEAD + (
        "type member struct { inbox []string; seen map[string]int; mu sync.Mutex }\n"
        "var members []*member\nvar deep map[string]map[string]int\nvar lists map[string][]string\n"
        f'func Post(k string) {{\n\t{ranged}\n\tlog.Print("message posted")\n}}\n'
    )
    source = source_of(read(a=code), {"message": "message posted"})
    assert [each["name"] for each in source["containers"]] == grows


@pytest.mark.parametrize("key", ["r.Intn(40)", "rand.IntN(40)", "n % 64", "len(k)%16"])
def test_a_number_below_a_constant_makes_only_so_many_keys(key):
    code = f"var m = map[int]string{{}}\nfunc Put(k string, n int) {{\n\tj := {key}\n\tm[j] = k\n}}\n"
    assert not verdict(code).unbounded
    assert verdict(code.replace("40", "count").replace("64", "count").replace("16", "count")).unbounded


def test_a_log_call_is_counted_once():
    """That of a helper, the call of it with two texts, and another; a record is none."""
    code = (
        'func note(what, text string) { log.Printf("%s: %s", what, text) }\n'
        'func A() {\n\tnote("order", "taken in")\n\temit(line{Msg: "order stored"})\n\tslog.Info("done")\n}\n'
    )
    assert read(a=HEAD + code).log_calls() == 3


def left_open(body, result=""):
    """What `source_of` says of a line whose function has this body."""
    code = HEAD + f'func f(r *http.Request){result} {{\n{body}\n\tlog.Print("the line")\n}}\n'
    return [
        (each["line"], each["says"].partition(":")[0])
        for each in source_of(read(a=code), {"message": "the line"})["left_open"]
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            "ctx, cancel := context.WithTimeout(r.Context(), time.Hour)\nif bad { return }\nwork(ctx)\ncancel()",
            "context.WithTimeout gives it cancel, which no defer calls",
        ),
        ("t := time.NewTicker(time.Second)\nfor range t.C { if done { return } }", "time.NewTicker gives it t, which no defer stops"),
        (
            "resp, err := http.Get(url)\nif err != nil { return }\nif resp.StatusCode != 200 { return }\nread(resp.Body)",
            "http.Get gives it resp, whose body no defer closes",
        ),
        (
            "rows, err := db.QueryContext(ctx, sql)\nif err != nil { return }\nif rows.Next() { return }\nrows.Close()",
            "db.QueryContext gives it rows, which no defer closes",
        ),
        (
            "c := make(chan int)\ngo func() { c <- work() }()\nselect { case <-c: case <-r.Context().Done(): }",
            "a goroutine that it starts sends on c, which has no buffer",
        ),
        (
            "time.AfterFunc(24*time.Hour, func() { forget(r) })",
            "time.AfterFunc waits for 24*time.Hour, and nobody can stop it",
        ),
        (
            'hits.WithLabelValues("GET", r.URL.Path, status(r)).Inc()',
            "r.URL.Path is a label of a metric",
        ),
        (
            'user := header(r)\nhits.With(prometheus.Labels{"method": "GET", "user": user}).Inc()',
            "user is a label of a metric",
        ),
    ],
)  # fmt: skip
def test_what_a_function_may_leave_behind_is_a_question(body, says):
    """Many leaks are no container: a context, a ticker, a body, rows, a goroutine that nobody answers."""
    [(_, found)] = left_open(body)
    assert found == says


@pytest.mark.parametrize(
    "body",
    [
        "ctx, cancel := context.WithTimeout(r.Context(), time.Hour)\ndefer cancel()\nif bad { return }\nwork(ctx)",
        "ctx, cancel := context.WithTimeout(r.Context(), time.Hour)\nerr := work(ctx)\ncancel()\nif err != nil { return }",
        "ctx, cancel := context.WithCancel(r.Context())\ns.cancel = cancel\nif bad { return }",
        "t := time.NewTicker(time.Second)\ndefer func() { t.Stop() }()\nfor range t.C { if done { return } }",
        "values, err := url.Query()\nif bad { return }\nvalues.Close()",
        "resp, err := client.Get(ctx, key)\nif err != nil { return }\nuse(resp.Kvs)",
        "c := make(chan int, 1)\ngo func() { c <- work() }()",
        "time.AfterFunc(time.Second, func() { forget(r) })",
        "r.timer = time.AfterFunc(24*time.Hour, func() { forget(r) })",
        'hits.WithLabelValues("GET", "200").Inc()',
        "code := strconv.Itoa(status())\nhits.WithLabelValues(code).Inc()",
        'db.With("path", r.URL.Path).Find()',
        "c := make(chan int)\ngo func() { select { case c <- work(): case <-r.Context().Done(): } }()",
    ],
)
def test_what_a_defer_ends_or_others_have_is_no_question(body):
    assert left_open(body) == []


def test_a_suspect_is_tied_to_its_call_and_to_the_map_that_it_fills(root):
    paths = sorted((root / "samples" / "programs").rglob("*.go"))
    sources = read_sources((path.relative_to(root).as_posix(), path.read_bytes()) for path in paths)
    message = "[SessionCache] putIfAbsent(key=, value=Session{User: Device: Expires:}) → size="
    source = source_of(sources, {"message": message})
    assert (source["file"], source["function"]) == ("samples/programs/unbounded-map/main.go", "main")
    assert [each["name"] for each in source["containers"]] == ["SessionCache.sessions"]
    for message, name in [("time series registered", "series in main"), ("render failed, kept for retry", "kept")]:
        [site] = match_message(sources.logs, message)
        assert [each.name for each in containers_of(sources, site)] == [name]
    innocent = source_of(sources, {"message": "request processed"})
    assert (innocent["function"], innocent["containers"]) == ("(*Service).remark", [])


def test_the_bounded_cache_of_the_samples_is_not_accused(root):
    path = root / "samples" / "programs" / "bounded-cache" / "main.go"
    assert read_sources([("main.go", path.read_bytes())]).unbounded() == []


@pytest.mark.parametrize(
    ("loop", "again"),
    [
        ("for {", True),
        ("for i := 0; ; i++ {", True),
        ("for ready {", True),
        ("for i := 0; time.Now().Before(end); i++ {", True),
        ("for i := 0; i < 9; i++ {", False),
    ],
)
def test_a_loop_of_main_without_an_end_runs_again_and_again(loop, again):
    """What counts to a number is part of the start."""
    code = f"var m = map[string]int{{}}\n\nvar ready = true\n\nfunc main() {{\n\t{loop}\n\t\tput(os.Args[0])\n\t}}\n}}\n\nfunc put(k string) {{ m[k] = 1 }}\n"
    assert (verdict(code).verdict == "unbounded") is again


@pytest.mark.parametrize(
    ("declared", "run", "again"),
    [
        ("var once sync.Once", "once.Do(func() { fill(list) })", False),
        ("var once sync.Once", "once.Do(func() { for _, k := range list { m[k] = 1 } })", False),
        ("var load = sync.OnceFunc(func() { fill(os.Args) })", "load()", False),
        ("type s struct { once sync.Once }\nvar a s", "a.once.Do(func() { fill(list) })", False),
        ("var once sync.Once\nfunc all() { fill(os.Args) }", "once.Do(all)", False),
        ("func all() { fill(os.Args) }", "later(all)", True),
        ("var once sync.Once", "once.Do(func() { Register(func(list []string) { fill(list) }) })", True),
        ("var group singleflight.Group", "group.Do(list[0], func() { fill(list) })", True),
    ],
)
def test_what_a_once_fills_is_filled_at_the_start(declared, run, again):
    code = (
        f"var m = map[string]int{{}}\n{declared}\n"
        f"func Serve(w http.ResponseWriter, r *http.Request) {{ list := r.Header[r.Host]\n{run} }}\n"
        "func fill(list []string) { for _, k := range list { m[k] = 1 } }"
    )
    assert verdict(code).unbounded is again


def test_a_goroutine_that_a_constructor_starts_for_its_named_result_empties_it():
    """And what the constructor fills before anybody has it is no growth."""
    code = (
        "type TTL struct { mu sync.Mutex; m map[string]int }\n"
        "func New() (t *TTL) {\n\tt = &TTL{m: map[string]int{}}\n\tt.m[os.Args[0]] = 1\n"
        "\tgo func() { for range time.Tick(1) { for k := range t.m { delete(t.m, k) } } }()\n\treturn\n}\n"
        "var users = New()\nfunc Put(w http.ResponseWriter, r *http.Request) { users.m[r.Host] = 1 }\n"
    )
    assert told(code) == {}
    assert told(code.replace("delete(t.m, k)", "println(k)")) == {"TTL.m": "critical"}


def test_a_database_in_memory_is_what_its_users_put_there():
    code = STORE.format(more="mu sync.Mutex; ", method="Put(k string)") + HANDLED.format(call="Put(r.Host)")
    assert told(code.replace("Store", "MemoryStore")) == {"MemoryStore.items": "info"}
    assert told(code.replace("Store", "userDB")) == {"userDB.items": "info"}
    assert told(code.replace("Store", "MemoStore")) == {"MemoStore.items": "warning"}


FEW_OR_MANY = {
    "info": ["code", "cfg.Name", "clusterName", "timezone", "actorType", "storeName", "replicationFactor"],
    "critical": ["host", "contentType", "podName", "userName", "filename", "name"],
}


@pytest.mark.parametrize(("severity", "key"), [(each, key) for each, keys in FEW_OR_MANY.items() for key in keys])
def test_a_key_that_by_its_name_takes_few_values_is_possible_only(key, severity):
    code = (
        f"var seen sync.Map\nfunc serve(r *http.Request) {{ {key.partition('.')[0]} := r.Host; seen.Store({key}, 1) }}"
    )
    code += "\nfunc main() { http.HandleFunc(serve) }"
    assert told(code) == {"seen": severity}


def test_a_name_that_no_request_chooses_is_that_of_a_part_of_the_program():
    code = "var parts = map[string]int{}\nfunc Serve(w http.ResponseWriter, r *http.Request) { add(os.Getenv(`P`)) }\nfunc add(name string) { parts[name] = 1 }"
    assert told(code) == {"parts": "info"}
    assert told(code.replace("os.Getenv(`P`)", "r.Host")) == {"parts": "critical"}


def test_a_program_has_only_so_many_types():
    code = "var one = map[string]any{}\nfunc Serve(w http.ResponseWriter, r *http.Request, v any) { t := reflect.TypeOf(v).String(); one[t] = v }"
    assert told(code) == {}


def test_what_is_kept_by_descriptor_is_not_accused():
    """The kernel gives the numbers of what was closed again."""
    code = "var files = map[uintptr]int{}\nfunc serve(r *http.Request) { files[r.Fd()]++ }\nfunc main() { http.HandleFunc(serve) }"
    assert verdict(code.replace("files", "m")).verdict == "few-keys"


def leads_to(code, message, example="", **more):
    """Line of the call, and the names of what it fills: that only grows, and that something empties."""
    source = source_of(read(a=code), {"message": message, "example": example, **more})
    named = [each["name"] for kind in ("containers", "emptied") for each in source[kind]] if source else []
    return source and source["line"], named


@pytest.mark.parametrize(
    ("launch", "found"),
    [
        ("go func() {\n\t\tkept = append(kept, k)\n\t}()", ["kept"]),
        ("time.AfterFunc(time.Second, func() {\n\t\tkept = append(kept, k)\n\t})", ["kept"]),
        ("group.Go(func() error {\n\t\tgo func() { kept = append(kept, k) }()\n\t\treturn nil\n\t})", ["kept"]),
        ("go work(k)", ["kept"]),
        ('http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {\n\t\tkept = append(kept, k)\n\t})', []),
    ],
)
def test_what_the_function_of_a_line_launches_fills_containers_too(launch, found):
    """A literal that is only registered runs for other reasons than the line."""
    code = HEAD + (
        'var kept []string\nfunc Queue(k string) {\n\tlog.Print("import queued")\n\t' + launch + "\n}\n"
        "func work(k string) {\n\tkept = append(kept, k)\n}\n"
    )
    assert leads_to(code, "import queued") == (13, found)


def test_what_launches_the_literal_of_a_line_fills_containers_too():
    code = HEAD + (
        "var open = map[string]int{}\nfunc Open(k string) {\n\topen[k] = 1\n"
        '\tgo func() {\n\t\tlog.Print("flow opened")\n\t}()\n}\n'
    )
    assert leads_to(code, "flow opened") == (15, ["open"])


def test_what_main_launches_has_nothing_to_do_with_its_own_lines():
    code = HEAD.replace("package app", "package main") + (
        'var kept []string\nfunc main() {\n\tlog.Print("service started")\n\tgo func() { for { kept = append(kept, "") } }()\n}\n'
    )
    assert leads_to(code, "service started") == (13, [])


WRAPPERS = """package app

import (
	"fmt"
	"os"
	"time"
)

var flows = map[string]int{}
func cef(id int, name string, sev int, ext string, a ...any) {
	s := fmt.Sprintf(ext, a...)
	fmt.Fprintf(os.Stderr, "CEF:0|Acme|Sensor|%d|%s|%d|%s\\n", id, name, sev, s)
}
func say(lvl, f string, a ...any) {
	fmt.Fprintf(os.Stdout, "%s [%s] decoder: %s\\n", time.Now(), lvl, fmt.Sprintf(f, a...))
}
func Open(k string) {
	flows[k] = 1
	cef(100, "flow opened", 3, "src=%s", k)
}
func Shut(k string) {
	delete(flows, k)
	cef(101, "flow closed", 3, "src=%s", k)
}
func Frame(k string) {
	flows[k] = 2
	say("ERROR", "bad frame at %s, buffer returned", k)
}
"""


def test_a_helper_that_writes_a_message_into_a_longer_line_leads_to_who_calls_it():
    """The text around the message is the helper's, the message that of its callers."""
    opened = "CEF:|Acme|Sensor||flow opened|| src="
    assert leads_to(WRAPPERS, opened, "CEF:0|Acme|Sensor|100|flow opened|3|src=10.1.1.1") == (19, ["flows"])
    assert leads_to(WRAPPERS, opened.replace("opened", "closed"))[0] == 23
    assert leads_to(WRAPPERS, "decoder: bad frame at , buffer returned") == (27, ["flows"])


STATS = """package app

import (
	"log"
	"sync"
	"sync/atomic"
)

var (
	pending = map[int]string{}
	kept    []string
	queue   = &Queue{}
	open    atomic.Int64
	seq     int
	total   int64
)

type Queue struct {
	mu    sync.Mutex
	items []string
	hits  int
}

func (q *Queue) Size() int { return len(q.items) }
func (q *Queue) Put(s string) {
	q.items = append(q.items, s)
	q.hits++
}
func Publish(s string) {
	seq++
	pending[seq] = s
}
func Ack(n int) { delete(pending, n) }
func Keep(s string) {
	atomic.AddInt64(&total, 1)
	open.Add(1)
	kept = append(kept, s)
}
"""


@pytest.mark.parametrize(
    ("call", "field", "counts", "leads"),
    [
        ('slog.Info("broker stats", "pending", len(pending), "n", 3)', "pending", "len(pending)", ["pending"]),
        ('slog.Info("broker stats", slog.Int("pending", len(pending)))', "pending", "len(pending)", ["pending"]),
        ('l.Info().Int("size", queue.Size()).Msg("broker stats")', "size", "queue.Size()", ["Queue.items"]),
        (
            'logrus.WithFields(logrus.Fields{"open": open.Load()}).Info("broker stats")',
            "open",
            "open.Load()",
            ["kept"],
        ),
        (
            'zap.L().Info("broker stats", zap.Int64("all", atomic.LoadInt64(&total)))',
            "all",
            "atomic.LoadInt64(&total)",
            ["kept"],
        ),
        ('log.Printf("broker stats: %d size=%d", 1, len(kept))', "size", "len(kept)", ["kept"]),
        ('n := len(kept)\n\tlog.Printf("broker stats: %d items", n)', "#1", "n", ["kept"]),
        ('log.Printf("broker stats: %d hits=%d", 1, queue.hits)', "hits", "queue.hits", ["Queue.items"]),
        ('slog.Info("broker stats", "pending", len(pending), "n", 3)', "n", None, []),
    ],
)
def test_a_number_of_a_summary_leads_to_the_container_that_it_counts(call, field, counts, leads):
    """The line itself fills nothing: the length, or where the counter goes up, says what grows."""
    code = STATS + "func Report() {\n\t" + call + "\n}\n"
    suspect = {"message": "broker stats", "template": "broker stats: <*> items", "field": field}
    suspect["example"] = "broker stats: 3 size=7 hits=4"
    source = source_of(read(a=code), suspect)
    assert source["counts"] == counts
    assert [each["name"] for kind in ("containers", "emptied") for each in source[kind]] == leads
