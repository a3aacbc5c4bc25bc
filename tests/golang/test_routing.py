"""From an access line to the handler of its route, and to what that fills: a middleware that logs keeps nothing."""

import pytest

from gctail.golang.source import read_sources, source_of

HEAD = """package app

import "net/http"

var undo [][]byte

func keep(b []byte) { undo = append(undo, b) }
func put(w http.ResponseWriter, r *http.Request) { keep(read(r)) }
func get(w http.ResponseWriter, r *http.Request) {}

type server struct{ hits map[string]int }

func (s *server) count(w http.ResponseWriter, r *http.Request) { s.hits[r.URL.Path]++ }

type board struct{}

func (b board) ServeHTTP(w http.ResponseWriter, r *http.Request) { keep(read(r)) }

func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slog.Info("request", "method", r.Method, "path", r.URL.Path)
		next.ServeHTTP(w, r)
	})
}

var _ = logged
"""
ASKED = {
    "message": "request",
    "template": "request method=<*> path=<*>",
    "example": "request method=PUT path=/v1/objects/34",
}


def handled(registered, suspect=ASKED):
    """What is told of a suspect where a function registers handlers so."""
    code = HEAD + f"func routes(m *mux, s *server) {{\n\t{registered}\n}}\n"
    return source_of(read_sources([("app/a.go", code.encode())]), suspect)


@pytest.mark.parametrize(
    "registered",
    [
        'm.HandleFunc("PUT /v1/objects/{id}", put)',
        'm.HandleFunc("/v1/objects/", put)',
        'm.HandleFunc("/v1/objects/{id:[0-9]+}", put).Methods("PUT")',
        'm.HandleFunc("/v1/objects/{id}", put).Methods(http.MethodPut)',
        'm.Put("/v1/objects/{id}", put)',
        'm.PUT("/objects/:id", auth, put)',
        'm.Handle("PUT", "/objects/:id", put)',
        'm.Method(http.MethodPut, "/objects/{id}", board{})',
        'm.Handle("/v1/objects/{id}", &board{})',
        'm.Handle("/v1/objects/{id}", logged(http.HandlerFunc(put)))',
        'm.Put("/objects/{id}", func(w http.ResponseWriter, r *http.Request) { keep(read(r)) })',
        'm.Put("/objects/*", func(w http.ResponseWriter, r *http.Request) {\n\t\tundo = append(undo, read(r))\n\t})',
    ],
)
def test_an_access_line_leads_to_the_handler_of_its_route(registered):
    """However the router is told: its call of the log is one for all, and fills nothing."""
    get = 'm.GET("/v1/objects/{id}", get)\n\tm.HandleFunc("/v1/list/{id}", get)\n\t'
    source = handled(get + registered)
    assert [each["name"] for each in source["containers"]] == ["undo"]
    assert source["line"] == 30
    assert "/objects/" in source["route"]


def test_a_method_is_found_by_its_receiver():
    source = handled('m.Put("/objects/{id}", s.count)')
    assert (source["function"], source["route"]) == ("(*server).count", "PUT /objects/{id}")
    assert [each["name"] for each in source["containers"]] == ["server.hits"]


@pytest.mark.parametrize(
    "registered",
    [
        'm.Delete("/objects/{id}", put)',
        'm.Put("/objects/{id}/body", put)',
        'm.Put("/accounts/{id}", put)',
        'm.Put("/{what}/{id}", put)',
        'client.Put("/objects/34", &answer)',
        'm.Put("/objects/" + kind, put)',
    ],
)
def test_a_route_that_does_not_fit_is_nobodys(registered):
    """Another verb or path; what is all placeholders; a client's call; a path that the source does not fix."""
    source = handled(registered)
    assert (source["route"], source["containers"]) == (None, [])
    assert source["text"] == "request"


def test_the_longer_route_wins_and_two_that_fit_alike_are_both_told():
    short = 'm.Put("/objects/{id}", get)\n\t'
    assert handled(short + 'm.Put("/v1/objects/{id}", put)')["route"] == "PUT /v1/objects/{id}"
    source = handled('m.Put("/objects/{id}", put)\n\tm.Put("/objects/{name}", put)')
    assert source["others"] == ["app/a.go:29"]


@pytest.mark.parametrize(
    "suspect",
    [
        {
            "message": "[vm/] from",
            "example": '[vm/1] "PUT http://shop.internal/v1/objects/34?x=1 HTTP/1.1" from 10.0.0.1',
        },
        {"message": "", "template": "<*>", "example": "GET /healthz", "only": "#2=PUT shop.internal/v1/objects/<*>"},
        {"message": "", "template": "<*>", "example": "ip=::1 uri=/v1/objects/34 took=3ms"},
    ],
)
def test_the_route_is_read_where_the_line_or_its_part_has_it(suspect):
    assert handled('m.Put("/v1/objects/{id}", put)', suspect)["route"] == "PUT /v1/objects/{id}"


def test_a_line_whose_own_function_fills_something_needs_no_route():
    code = HEAD + (
        'func take(w http.ResponseWriter, r *http.Request) {\n\tkeep(nil)\n\tslog.Info("object taken")\n}\n'
        'func routes(m *mux) { m.Put("/v1/objects/{id}", get) }\n'
    )
    suspect = {"message": "object taken", "example": "object taken method=PUT path=/v1/objects/34"}
    assert source_of(read_sources([("app/a.go", code.encode())]), suspect)["route"] is None
