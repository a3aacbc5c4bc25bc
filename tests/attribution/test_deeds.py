"""What the words of messages say was done, in the languages that programs speak."""

import pytest

from gctail.attribution.columns import LEVEL, SUM, table
from gctail.attribution.deeds import deeds
from gctail.attribution.hints import ENOUGH_POINTS, Hint, said, weakened
from gctail.attribution.names import is_a_code, words
from gctail.templates.courses import Template
from gctail.templates.mine import Mine


def line(message):
    return Template(message, message, message, "info", 100, 0.0, 1.0, message, [], ())


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("neuer Titel im Index", "Seite geladen"),
        ("Sitzung geöffnet", "Sitzung geschlossen"),
        ("Beleg zwischengespeichert", "Beleg unverändert"),
        ("pedido guardado", "evento publicado"),
        ("sesión abierta", "sesión cerrada"),
        ("cliente registrado", "cliente consultado"),
        ("commande enregistrée", "commande supprimée"),
        ("séance ouverte", "séance fermée"),
        ("utilisateur créé", "page lue"),
        ("sessão aberta", "sessão fechada"),
        ("cliente adicionado", "relatório excluído"),
        ("会话已创建", "会话已关闭"),
        ("保存订单", "查询订单"),
        ("PUT pedido", "GET pedido"),
        ("order stored", "order skipped, not for this region"),
        ("message handled", "poll"),
        ("job processed", "event published"),
        ("profile stored", "profile taken from the cache"),
        ("session stored", "http: TLS handshake error from : EOF"),
    ],
)
def test_what_is_kept_is_told_before_what_is_read_or_over_in_every_language(kept, read):
    assert said(line(kept)) > said(line(read))


@pytest.mark.parametrize(
    "failing",
    [
        "Zahlung fehlgeschlagen",
        "pago rechazado",
        "paiement refusé",
        "pagamento rejeitado",
        "支付失败",
        "host not found",
    ],
)
def test_failures_are_known_in_every_language(failing):
    assert "fails" in deeds(failing)


@pytest.mark.parametrize(
    "told", ["GET pedido (estado: abierto), duracion_ms=", "ok true", "public key of the cargo", "list price"]
)
def test_a_value_or_a_name_says_not_what_was_done(told):
    assert not deeds(told) & {"keeps", "ends", "reads", "passes", "fails"}


def test_that_a_thing_was_not_found_is_no_reading_of_it():
    assert deeds("Host not found") == {"fails"}
    assert deeds("match found") == {"reads"}


def test_words_are_found_in_letters_of_all_kinds():
    assert words("heapAlloc_mb größteSitzung 会话已创建") == ("heap", "alloc", "mb", "größte", "sitzung", "会话已创建")


def test_a_number_that_says_which_one_is_neither_summed_nor_a_size():
    """Of an HTTP status only the lines count."""
    assert [name for name in ("status", "httpStatus", "exit_code", "bytes", "port", "size") if is_a_code(name)] == [
        "status", "httpStatus", "exit_code", "port",
    ]  # fmt: skip
    mine = Mine()
    for second in range(20):
        mine.read(
            b"".join(b"level=info msg=served status=%d bytes=%d\n" % (200 + 4 * each, 9 + each) for each in range(5))
        )
        mine.tick(float(second), 10.0)
    courses = mine.courses()
    [served] = courses.templates
    names = {served.slots[each.slot].name for each in table(courses, 0).candidates if each.kind in {SUM, LEVEL}}
    assert names == {"bytes"}


def test_what_changes_at_a_few_points_only_is_weak_evidence():
    strong = Hint(1.0, 2.0, 0.5, 0.6)
    assert weakened(strong, ENOUGH_POINTS) == strong
    assert weakened(strong, 4).total < weakened(strong, 8).total < strong.total
    assert weakened(strong, 4).total < 1.0


def test_the_name_of_a_field_says_not_what_was_done():
    """`relay=` is whom a mail went to, and not that it was relayed."""
    assert deeds(": to=, relay=, status= (Host or domain name not found)") == {"fails"}


@pytest.mark.parametrize(
    "told",
    ["Warteschlange lang:", "dispatch queue length", "cola de envíos", "longueur de la file", "fila", "队列长度"],
)
def test_a_line_that_only_tells_how_much_there_is_keeps_nothing_in_any_language(told):
    assert said(line(told)) == said(line("cache hit"))


def test_a_line_that_puts_something_into_a_queue_keeps_it():
    assert said(line("message added to queue")) == said(line("message added"))
