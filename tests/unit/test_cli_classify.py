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


def test_good_lines_end_well() -> None:
    result = CliRunner().invoke(classify, input='{"title": "Chỉ thị số 1/CT-UBND", "lead": null}\n')
    assert result.exit_code == 0
    assert json.loads(result.stdout)["document"]["kind"] == "chi-thi"
