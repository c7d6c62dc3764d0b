"""What is published: its tables and views, and what each column means, in both languages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from geodata.export.words import VERDICTS

MARK = "[phusong 1]"
"""Ends the comment of every table and view of ours: others of their names are never touched."""

POLYGONS = "polygons"
"""Kind of a column that holds areas; the server's own type needs the number of the system."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its SQL type (or `POLYGONS`) and what it means."""

    name: str
    kind: str
    vi: str
    en: str

    @property
    def comment(self) -> str:
        """What it means, in Vietnamese and English."""
        return f"{self.vi} / {self.en}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table, keyed by ``key``; ``runs`` is the one that the others hang on."""

    name: str
    key: tuple[str, ...]
    vi: str
    en: str
    columns: tuple[Column, ...]

    @property
    def current(self) -> str:
        """The view of the latest published rows."""
        return f"current_{self.name}"

    def comment(self, *, made: bool, view: bool = False) -> str:
        """What it holds; ``made`` says first that some of it is reconstructed."""
        vi, en = self.vi, self.en
        if view:
            vi, en = f"{vi}, lần công bố mới nhất", f"{en}, as last published"
        if made:
            vi = f"{VERDICTS['vi']['made']}: {vi}"
            en = f"{VERDICTS['en']['made']}: {en}"
        return f"{vi} / {en} {MARK}"


def _column(name: str, kind: str, vi: str, en: str) -> Column:
    return Column(name=name, kind=kind, vi=vi, en=en)


RUN = _column("run_id", "text NOT NULL", "Mã lần tính", "Run")
AS_OF = _column("as_of", "date NOT NULL", "Ngày số liệu", "Day the figures speak of")
NAME = _column("name", "text", "Tên", "Name")
DISTRICT_CODE = _column("district_code", "text", "Mã huyện", "District code")
PEOPLE = _column("population", "double precision", "Dân số", "Population")
LOST_PEOPLE = _column(
    "population_uncovered", "double precision", "Dân số ở thôn, bản chưa phủ sóng",
    "People in uncovered villages",
)  # fmt: skip
SHARE = _column(
    "share", "double precision", "Tỷ lệ thôn, bản đã phủ sóng, 0 đến 1",
    "Share of villages covered, 0 to 1",
)  # fmt: skip
KIND = _column(
    "data_kind", "text NOT NULL CHECK (data_kind IN ('observed', 'reconstruction'))",
    "Loại số liệu: observed = được cung cấp, reconstruction = mô phỏng",
    "Kind of data: observed or reconstruction",
)  # fmt: skip
NOTICE = _column(
    "notice", "text NOT NULL", "Lời cảnh báo phải đi kèm số liệu", "Warning that goes with the data"
)
GEOM = _column(
    "geom", POLYGONS, "Ranh giới, hệ tọa độ của bộ số liệu", "Area, in the study's system"
)

COUNTS = (
    _column("villages", "integer NOT NULL", "Số thôn, bản", "Villages"),
    _column("covered", "integer NOT NULL", "Đã phủ sóng", "Covered"),
    _column("uncovered", "integer NOT NULL", "Chưa phủ sóng", "Uncovered: weak or none"),
    _column("weak", "integer NOT NULL", "Lõm sóng", "Weak signal"),
    _column("none", "integer NOT NULL", "Trắng sóng", "No signal"),
    _column("unknown", "integer NOT NULL", "Thiếu dữ liệu", "Missing data"),
    SHARE,
    PEOPLE,
    LOST_PEOPLE,
)

RUNS = Table(
    name="runs",
    key=("run_id",),
    vi="Các lần tính đã công bố",
    en="Published runs",
    columns=(
        RUN,
        _column("publication", "integer NOT NULL UNIQUE", "Thứ tự công bố", "Order of publication"),
        _column("study", "text NOT NULL", "Bộ số liệu", "Study"),
        AS_OF,
        _column("rule", "text NOT NULL", "Cách tính", "Rule"),
        *COUNTS,
        KIND,
        NOTICE,
        _column(
            "manifest", "jsonb NOT NULL", "Đầu vào, phiên bản, cách tính", "Inputs, versions, rule"
        ),
        _column("made_at", "timestamptz NOT NULL", "Thời điểm tính", "When it was computed"),
        _column("published_at", "timestamptz NOT NULL", "Thời điểm công bố", "When published"),
    ),
)

VILLAGES = Table(
    name="villages",
    key=("run_id", "village_id"),
    vi="Thôn, bản và tình trạng sóng",
    en="Villages and their signal",
    columns=(
        RUN,
        _column("village_id", "text NOT NULL", "Mã thôn", "Village id"),
        NAME,
        _column("commune_code", "text", "Mã xã", "Commune code"),
        _column("commune", "text", "Xã, phường", "Commune"),
        DISTRICT_CODE,
        _column("district", "text", "Huyện, thị, thành", "District"),
        _column(
            "verdict", "text NOT NULL",
            "Kết luận: covered đã phủ sóng, weak lõm sóng, none trắng sóng, unknown thiếu dữ liệu",
            "Verdict: covered, weak, none or unknown; uncovered is weak or none",
        ),
        _column("verdict_vi", "text NOT NULL", "Tình trạng sóng", "Verdict in Vietnamese"),
        _column("decided_by", "text", "Căn cứ kết luận", "What decided: centre, area or missing"),
        _column(
            "duty", "text",
            "Trách nhiệm: no_power có điện trước, fund quỹ viễn thông công ích, operator nhà mạng",
            "Whose duty an uncovered village is: no_power, fund, operator or unknown",
        ),
        _column("best_operator", "text", "Nhà mạng tốt nhất", "Best operator"),
        _column(
            "best_share", "double precision", "Tỷ lệ diện tích của nhà mạng tốt nhất, 0 đến 1",
            "Share of area, best operator, 0 to 1",
        ),
        _column(
            "any_share", "double precision", "Tỷ lệ diện tích của mọi nhà mạng, 0 đến 1",
            "Share of area, all operators, 0 to 1",
        ),
        _column("margin", "double precision", "Chênh so với ngưỡng", "best_share less threshold"),
        _column("centre_served", "boolean", "Trung tâm thôn có sóng", "The centre is served"),
        _column("n_operators", "integer", "Số nhà mạng phủ sóng", "Operators that cover it"),
        _column("operators", "text", "Các nhà mạng phủ sóng", "Operators that serve it"),
        _column("technologies", "text", "Công nghệ phủ sóng", "Technologies that serve it"),
        _column("missing", "text", "Thiếu dữ liệu của", "Filings that are missing"),
        _column(
            "operator_shares", "jsonb", "Tỷ lệ diện tích của từng nhà mạng",
            "Share of area of each operator",
        ),
        PEOPLE,
        _column("households", "double precision", "Số hộ", "Households"),
        _column("electrified", "boolean", "Có điện lưới", "Grid power"),
        _column("fund_eligible", "boolean", "Thuộc diện viễn thông công ích", "Telecom fund"),
        AS_OF,
        KIND,
        NOTICE,
        GEOM,
    ),
)  # fmt: skip

DISTRICTS = Table(
    name="districts",
    key=("run_id", "code"),
    vi="Tổng hợp theo huyện",
    en="Summary by district",
    columns=(
        RUN,
        _column("code", "text NOT NULL", "Mã đơn vị", "Code of the unit"),
        NAME,
        *COUNTS,
        _column("valid_from", "date", "Đơn vị có hiệu lực từ", "Units in force since"),
        AS_OF,
        KIND,
        NOTICE,
        GEOM,
    ),
)

COMMUNES = replace(
    DISTRICTS,
    name="communes",
    vi="Tổng hợp theo xã",
    en="Summary by commune",
    columns=(*DISTRICTS.columns[:3], DISTRICT_CODE, *DISTRICTS.columns[3:]),
)

LAYERS = Table(
    name="layers",
    key=("run_id", "position"),
    vi="Các lớp phủ sóng đã đo",
    en="Coverage layers that were measured",
    columns=(
        RUN,
        _column("position", "integer NOT NULL", "Thứ tự", "Position"),
        _column("operator", "text NOT NULL", "Nhà mạng", "Operator"),
        _column("technology", "text NOT NULL", "Công nghệ", "Technology"),
        _column("evidence", "text NOT NULL", "Loại bằng chứng", "Kind of evidence"),
        _column("filed", "date", "Ngày của lớp", "Day of the layer"),
        _column("source", "text", "Nguồn", "Source"),
        _column("villages_served", "integer NOT NULL", "Số thôn, bản được phủ", "Villages served"),
        _column(
            "share", "double precision", "Tỷ lệ thôn, bản, 0 đến 1", "Share of villages, 0 to 1"
        ),
        KIND,
        NOTICE,
    ),
)

TABLES = (RUNS, VILLAGES, DISTRICTS, COMMUNES, LAYERS)
"""All that is published, in the order it is written."""

WITH_VIEWS = TABLES[1:]
"""Those with a view of the latest published rows."""
