"""Needs, shortlist, costs, trade-offs and deployment are shown as they are: in order, in words, unknown never zero."""

from dataclasses import fields, replace

import pytest

from bakeoff.needs import TEMPLATES, Needs, parse_needs
from bakeoff.needs.needs import CHOICES
from bakeoff.report import Language, ReportData, charts, report
from bakeoff.report.numbers import LANGUAGES
from bakeoff.report.stages import Stages
from bakeoff.report.view.costs import costs, money
from bakeoff.report.view.load import load
from bakeoff.report.view.models import models
from bakeoff.report.view.needs import needs
from bakeoff.report.view.running import running
from bakeoff.report.view.shortlist import shortlist
from bakeoff.report.view.tradeoffs import costs_of, tradeoffs
from bakeoff.values import reason
from tests.report.examples import GEMMA, QWEN, SMOL, ordinary


def plain(value: str) -> str:
    return value.replace("\u00a0", " ")


class TestNeeds:
    def test_every_need_has_words_for_every_choice(self) -> None:
        for lang in LANGUAGES:
            for key, choices in CHOICES.items():
                for choice in choices:
                    assert needs(parse_needs({key: choice}), lang)
            for template in TEMPLATES:
                assert needs(parse_needs(template.needs), lang)

    def test_every_need_is_shown(self) -> None:
        """What changes a need changes what is said."""
        changed = {
            "task": "coding", "languages": ("de",), "inputs": ("text", "image"), "domain": "law", "hardware": "2x H100",
            "context_tokens": 9, "prompt_tokens": 9, "output_tokens": 9, "concurrent_users": 9,
            "min_decode_tokens_per_second": 9.0, "max_time_to_first_token_ms": 9.0, "prefer": "cost",
            "license": "commercial", "openness": "fully-open", "privacy": "local-only", "budget_usd_per_month": 9.0,
            "requests_per_day": 9.0, "growth_per_year": 0.9, "fine_tuning": True, "max_age_months": 9.0,
        }  # fmt: skip
        base = Needs(requests_per_day=5.0)
        assert set(changed) == {field.name for field in fields(Needs)}
        for key, value in changed.items():
            assert needs(replace(base, **{key: value}), "en") != needs(base, "en"), key  # type: ignore[arg-type]

    def test_values_are_in_the_readers_language(self) -> None:
        found = Needs(
            languages=("vi", "xx"), requests_per_day=5000.0, growth_per_year=-0.2, budget_usd_per_month=1250.5
        )
        said = {lang: dict(needs(found, lang)) for lang in LANGUAGES}
        assert said["en"]["Languages"] == "Vietnamese and xx"
        assert said["en"]["Load"] == "5,000 requests a day in the first month, 20% fewer each year"
        assert said["en"]["Budget"] == "at most $1,250.50 a month"
        assert plain(said["vi"]["Ngân sách"]) == "nhiều nhất 1.250,50 USD mỗi tháng"
        assert plain(said["vi"]["Lượng tải"]) == "5.000 yêu cầu mỗi ngày trong tháng đầu, mỗi năm giảm 20 %"

    def test_no_needs_say_nothing(self) -> None:
        assert needs(None, "en") == ()


class TestShortlist:
    def test_bars_are_counts_in_the_order_of_the_questions(self) -> None:
        data = ordinary()
        found = shortlist(data.stages.shortlist, models(data, "en"), "en")
        assert found is not None
        assert [(step.count, step.share) for step in found.steps] == [
            ("105", 40.86), ("257", 100.0), ("157", 61.09), ("120", 46.69), ("5", 1.95), ("128", 49.81), ("2", 0.78)
        ]  # fmt: skip
        assert [step.is_picks for step in found.steps] == [False] * 6 + [True]

    def test_picks_say_who_tested_them(self) -> None:
        data = ordinary()
        found = shortlist(data.stages.shortlist, models(data, "en"), "en")
        assert found is not None
        assert [([view.name for view in one.tested], one.state) for one in found.picks] == [
            ([QWEN], "tested"),
            ([], "not tested"),
        ]
        assert "quality 4.2 ± 1.3" in found.picks[0].numbers
        assert "$4.12 a month" in found.picks[1].numbers
        assert [name for name, _ in found.beside] == [SMOL, GEMMA]

    def test_columns_of_a_prompt_variant_belong_to_their_candidate(self) -> None:
        data = ordinary()
        views = {f"{QWEN} · short": models(data, "en")[QWEN]}
        found = shortlist(data.stages.shortlist, views, "en")
        assert found is not None
        assert len(found.picks[0].tested) == 1

    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_without_picks_it_says_what_to_relax(self, lang: Language) -> None:
        data = ordinary()
        assert data.stages.shortlist is not None
        empty = replace(data.stages.shortlist, picks=())
        data = replace(data, stages=replace(data.stages, shortlist=empty))
        word = {"en": "without the requirement on license", "vi": "nếu bỏ yêu cầu về license"}[lang]
        for kind in ("html", "md"):
            assert word in report(data, kind, lang)


class TestCosts:
    def test_the_cheapest_way_and_that_of_the_choice_come_first(self) -> None:
        found = costs(ordinary().stages.costs, SMOL, "en")
        assert found is not None
        assert found.leads == (
            f"Cheapest at this load: {QWEN} (per token, openrouter): $0.59 in the first month, $40.59 in 3 years.",
            f"The choice: {SMOL} (own, RTX 4090, 64 GB RAM): $118.21 in the first month, $4,256 in 3 years.",
        )

    def test_a_range_is_shown_only_where_there_is_one(self) -> None:
        facts = ordinary().stages.costs
        assert facts is not None
        exact = replace(facts.lines[0], low_usd="40.593", high_usd="40.593", as_of=None)
        found = costs(replace(facts, lines=(exact, *facts.lines[1:])), None, "en")
        assert found is not None
        assert [line.range for line in found.lines][:2] == ["", "$2,155–$7,736"]
        assert found.lines[0].price_of == "–"

    def test_what_crosses_and_what_never_does(self) -> None:
        found = costs(ordinary().stages.costs, None, "en")
        assert found is not None
        assert found.crossings[0].startswith("From 412,000 requests a day on, ")
        assert found.crossings[1].startswith("At every volume up to 500,000 requests a day, ")

    def test_nothing_counted_is_said_and_not_shown_as_zero(self) -> None:
        data = ordinary()
        assert data.stages.costs is not None
        data = replace(
            data, stages=replace(data.stages, costs=replace(data.stages.costs, lines=(), crossings=(), notes=()))
        )
        for lang in LANGUAGES:
            assert GEMMA in report(data, "html", lang).partition('id="costs"')[2].partition("</section>")[0]
        assert "| own |" not in report(data, "md", "en")

    @pytest.mark.parametrize(
        ("amount", "en", "vi"),
        [
            ("0.5931", "$0.59", "0,59 USD"),
            ("0.0042", "$0.0042", "0,0042 USD"),
            ("999.994", "$999.99", "999,99 USD"),
            ("1234.5", "$1,234", "1.234 USD"),
            ("9.1e5", "$910,000", "910.000 USD"),
        ],
    )
    def test_money(self, amount: str, en: str, vi: str) -> None:
        assert (money(amount, "en"), plain(money(amount, "vi"))) == (en, vi)


def weighted() -> ReportData:
    """The ordinary report, decided by weights; nothing is known of what SMOL and GEMMA cost."""
    data = ordinary()
    decision = replace(
        data.decision,
        rule="weighted",
        sentence=reason("decide.weighted_shown", choice=QWEN, score=0.81, n=118, share=0.74, runner_up=SMOL,
                        runner_score=0.7),
        reasons=(
            reason("change.weight_unknown", criterion="cost"),
            reason("change.weight", criterion="latency", now=0.25, weight=0.38, model=SMOL),
        ),
    )  # fmt: skip
    weights = {"quality": 0.6, "cost": 0.2, "latency": 0.2}
    return replace(data, decision=decision, stages=replace(data.stages, weights=weights))


class TestTradeoffs:
    def test_the_front_counts_cost_only_where_all_have_one(self) -> None:
        said = tradeoffs(ordinary(), "en").sentences
        assert said[0].startswith(f"Pareto front of quality and latency: {QWEN} and {SMOL}.")
        assert said[1].startswith(f"{GEMMA} measured no better than {SMOL} in quality and latency")

    def test_cost_can_save_a_slow_and_poor_one(self) -> None:
        data = ordinary()
        paid = tuple(
            replace(one, cost_usd={SMOL: "0.5", GEMMA: "0.1", QWEN: "0.7"}[one.model], counts={"answered": one.n})
            for one in data.decision.models
        )
        data = replace(data, stages=Stages(), decision=replace(data.decision, models=paid))
        assert costs_of(data) == (pytest.approx({SMOL: 0.5, GEMMA: 0.1, QWEN: 0.7}), False)
        assert tradeoffs(data, "en").sentences == (
            f"Pareto front of quality, latency and cost: {QWEN}, {SMOL} and {GEMMA}. "
            "Among these, more of one costs some of another.",
        )

    def test_costs_are_of_a_month_where_two_are_known(self) -> None:
        assert costs_of(ordinary()) == ({SMOL: 118.21, QWEN: 0.5931}, True)

    def test_weights_are_those_that_were_used(self) -> None:
        """Cost is not known of everyone: quality and latency share its part, 0.6 and 0.2 of 0.8."""
        found = tradeoffs(weighted(), "en")
        assert [(one.criterion, one.weight, one.turn) for one in found.weights] == [
            ("quality", "75%", "never"),
            ("cost", "–", "not known of everyone"),
            ("latency", "25%", f"38%: {SMOL}"),
        ]
        assert found.share == "The choice is the same over 74% of all weightings."
        for lang in LANGUAGES:
            assert "38" in report(weighted(), "html", lang).partition('id="weights"')[2].partition("</table>")[0]
            assert report(weighted(), "md", lang)

    def test_other_rules_have_no_weights(self) -> None:
        assert (tradeoffs(ordinary(), "en").weights, tradeoffs(ordinary(), "en").share) == ((), "")

    def test_the_steps_join_those_that_no_other_beats_in_both(self) -> None:
        points = [
            charts.CostPoint("A", 0.9, 0.8, 0.95, 10.0, True),
            charts.CostPoint("B", 0.7, 0.6, 0.8, 20.0, False),
            charts.CostPoint("C", 0.6, 0.5, 0.7, 1.0, False),
            charts.CostPoint("D", 0.6, 0.5, 0.7, 2.0, False),
        ]
        spec = charts.quality_cost_spec(points, monthly=True, metric="m", lang="en", width="wide")
        assert [row["key"] for row in spec["layer"][0]["data"]["values"]] == ["C", "A"]
        alone = charts.quality_cost_spec(points[:2], monthly=False, metric="m", lang="vi", width="narrow")
        assert not charts.has_front(alone)
        free = [replace(point, usd=0.0) for point in points]
        assert charts.draw(
            charts.quality_cost_spec(free, monthly=False, metric="m", lang="en", width="wide"), lang="en"
        )


class TestLoad:
    def test_levels_are_shown_with_what_they_do_not_keep(self) -> None:
        found = load(ordinary().stages.probes, "en")
        assert [one.name for one in found] == [QWEN, SMOL]
        lines = [[plain(cell) for cell in line] for line in found[0].lines]
        assert lines[0] == ["1 at a time", "0%", "120 ms / 180 ms", "90.9 / 60.6", "90.9"]
        assert lines[2][:2] == ["8 at a time", "15%"]
        assert plain(found[0].lead) == f"{QWEN} keeps the needs up to 4 requests at a time."
        assert [plain(one) for one in found[0].broken] == [
            "8 at a time: 3 of 20 requests failed (http_503).",
            "8 at a time: The first token took 1.81 s (95th percentile); the needs allow 1.50 s.",
            "8 at a time: 10.9 tokens a second (95 of 100 requests are at least so fast); the needs ask for 15.0.",
        ]

    def test_what_the_server_does_not_count_is_unknown_and_not_zero(self) -> None:
        found = load(ordinary().stages.probes, "vi")[1]
        assert found.lines[0][3:] == ("–", "–")
        assert plain(found.lead) == f"{SMOL} không đạt mức này ngay cả khi chỉ có một yêu cầu."
        assert "700 + 60 token" in found.caption
        assert "20/11/2026" in found.caption

    def test_without_measurements_there_is_no_section(self) -> None:
        data = replace(ordinary(), stages=Stages())
        for kind in ("html", "md"):
            assert "Speed when several" not in report(data, kind, "en")
            assert "Speed when several" in report(ordinary(), kind, "en")


def test_a_hosted_choice_needs_no_command() -> None:
    facts = ordinary().stages.deployment
    assert facts is not None
    step = reason("report.hosted", model="m", url="https://api.example/v1")
    hosted = replace(facts, build=None, engine=None, machine=None, command=None, steps=(step,))
    found = running(hosted, "en")
    assert found is not None
    assert (found.lead, found.command, found.more) == ("", "", "")
    assert found.steps == ("Nothing to install: m is served at https://api.example/v1.",)


def test_the_command_to_write_files_survives_a_shell() -> None:
    facts = ordinary().stages.deployment
    assert facts is not None
    found = running(replace(facts, candidate="it's; rm -rf"), "en")
    assert found is not None
    assert """bakeoff deploy 'it'"'"'s; rm -rf' --write""" in found.more


def test_what_could_not_be_made_is_a_caveat() -> None:
    data = ordinary()
    lacks = (reason("report.part_left_out", part="cost", error="<b>no</b>"),)
    data = replace(data, stages=Stages(left_out=lacks))
    assert "Costs are not shown: &lt;b&gt;no&lt;/b&gt;" in report(data, "html", "en")
    assert "Costs are not shown: \\<b\\>no\\</b\\>" in report(data, "md", "en")
