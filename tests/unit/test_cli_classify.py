"""`loa classify` answers every line with a line."""

import json

from click.testing import CliRunner

from service.cli.classify_command import classify


def test_a_bad_line_is_named_and_the_others_go_on() -> None:
    good, bad = (
        '{"title": "Giấy mời họp"}',
        ["nonsense", "[]", '{"title": 3}', '{"title": "x", "lead": 1}'],
    )
    lines = "\n".join([good, "", *bad, good])
    result = CliRunner().invoke(classify, input=lines)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [answer.get("primary") or answer["line"] for answer in answers] == [
        "meetings",
        3,
        4,
        5,
        6,
        "meetings",
    ]
    assert set(answers[0]) == {
        "title",
        "primary",
        "categories",
        "why",
        "document",
        "places",
        "urgency",
    }


def test_what_more_a_post_has_tells_where_its_title_does_not() -> None:
    title = "Con đường hoa thôn Đông"
    lines = [
        {"title": title},
        {"title": title, "section": "Chỉ đạo điều hành"},
        {"title": title, "section": "meetings"},
        {"title": title, "attachments": ["45-KH-UBND.pdf"]},
        {"title": title, "body": "UBND XÃ X\nSố: 45/KH-UBND\nKẾ HOẠCH\nTrồng hoa thôn Đông"},
        {"title": title, "attachments": "no list"},
        {"title": title, "section": 3},
    ]
    result = CliRunner().invoke(classify, input="\n".join(map(json.dumps, lines)))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one.get("primary") for one in answers] == [
        "news", "directives", "meetings", "news", "directives", None, None,
    ]  # fmt: skip
    assert answers[4]["why"][0]["rule"] == "document"


def test_good_lines_end_well() -> None:
    result = CliRunner().invoke(classify, input='{"title": "Chỉ thị số 1/CT-UBND", "lead": null}\n')
    assert result.exit_code == 0
    assert json.loads(result.stdout)["document"]["kind"] == "chi-thi"
