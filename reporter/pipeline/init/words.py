"""Words by which columns are recognised: headers and cells of registries, trials and hospitals, English and Chinese.

Everything is lower case; a header is compared after `tokens` has cut it into words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MISSING = frozenset(
    (
        "na", "n/a", "n.a.", "nan", "null", "none given", "nil", ".", "?", "-", "--", "unknown", "unk", "missing",
        "not available", "not reported", "not recorded", "not applicable", "not evaluated", "not known", "not done",
        "not performed", "not stated", "undetermined", "indeterminate", "blank", "blank(s)", "discrepancy",
        "completed", "pending", "不详", "未知", "未查", "无法评估", "缺失", "不明", "未记录", "未检测", "不适用",
        "无记录",
    )
)  # fmt: skip
"""Cells that say that there is no value, without brackets around them."""

DOUBTFUL_MISSING = frozenset(
    ("not applicable", "not done", "not performed", "not evaluated", "completed", "pending", "-", "--", "未查",
     "不适用", "未检测", "indeterminate")
)  # fmt: skip
"""Of these, the ones that may be a finding of their own."""

SENTINELS = (-9999.0, -999.0, -99.0, -9.0, 99.0, 98.0, 998.0, 999.0, 8888.0, 9998.0, 9999.0, 99999.0)
"""Numbers that often stand for no value."""

ID_NAMES = frozenset(
    ("id", "pid", "patientid", "patient", "subject", "subjectid", "subjid", "usubjid", "caseid", "case", "barcode",
     "bcrpatientbarcode", "patientbarcode", "patientno", "patno", "ptid", "studyid", "sampleid", "personid", "mrn",
     "recordid", "病案号", "病历号", "住院号", "患者编号", "编号", "序号", "病人编号", "患者id", "登记号", "研究编号")
)  # fmt: skip

HOSPITAL_ID = re.compile(r"mrn|病案|病历|住院|登记")

ADMINISTRATIVE = (
    "inst", "institution", "center", "centre", "hospital", "ward", "source", "registry", "version", "redaction",
    "batch", "plate", "study", "rownames", "index", "row", "医院", "科室", "中心",
)  # fmt: skip

PERSONAL = re.compile(
    r"(^|_)(name|first_?name|last_?name|surname|full_?name|initials|phone|mobile|tel|telephone|email|e_?mail|ssn"
    r"|address|street|zip|postcode|birth|birthday|dob|birth_?date|nationalid|passport|doctor|physician|surgeon)(_|$)"
    r"|姓名|电话|手机|身份证|住址|地址|出生|联系人|联系方式|邮箱|医生|医师|术者|邮编|护照"
)
PERSONAL_CELLS = re.compile(r"\d{17}[\dXx]|\d{15}|1[3-9]\d{9}|[^@\s]+@[^@\s]+\.[a-z]{2,}|\d{3}-\d{2}-\d{4}")
"""Chinese identity card (18 or 15 digits), Chinese mobile phone, e-mail address, US social security number."""

# Outcome columns ----------------------------------------------------------------------------------------------------
TIME = re.compile(
    r"(^|_)(time|tte|duration|survival|surv|follow_?up|fu|weeks?|days|months|mos|years|yrs)(_|$)|(time|days|months)$"
    r"|生存(月|时间|期|天|年)|随访(时间|月|天|年)|月数|天数|无进展|无病"
)
NOT_TIME = re.compile(
    r"days_to_|(^|_)(age|year|prothrombin|protime|thrombin|ptt|aptt|diag|diagtime|doubling|stay|birth|flag|interval|wait"
    r"|waiting|pack|smoking|education|menopause|treatment|hospital)(_|$)|年龄|住院|病程|绝经|吸烟|孕"
)
EVENT = re.compile(
    r"(^|_)(status|stat|event|events|dead|death|died|deceased|cens|censor|censored|censoring|vital|alive|relapse"
    r"|relapsed|recur|recurred|recurrence|progression|progressed|failure|fail|arrest|outcome|endpoint"
    r"|os|dss|css|pfs|pfi|dfs|dfi|rfs|efs|ttp)(_|$)|(stat|status)$"
    r"|死亡|生存状态|存活|结局|转归|复发|进展|随访状态|末次状态|是否删失|生死"
)
NOT_EVENT = re.compile(
    r"(menopaus|margin|node|nodal|lymph|marital|smok|performance|receptor|(^|_)(er|pr|pgr|her2|hpv|msi|ecog|ps|hiv"
    r"|insurance|mutation|brca|tp53|idh|alcohol|employment|stage|work|metastas|days|time|date)(_|$))|绝经|婚姻|体能"
)
OUTCOME_LIKE = re.compile(
    r"new_tumou?r|tumou?r_status|cancer_status|days_to|last_(contact|follow|fu|seen)|follow_?up|cause_of|(^|_)cod(_|$)"
    r"|(^|_)(etype|event_?type|death|vital|survival|recurrence|relapse|progression|remission|response)(_|$)"
    r"|死因|死亡|随访|生存|复发|进展|疗效|结局|转归"
)
START_DATE = re.compile(r"diagnos|(^|_)(dx|start|entry|surgery|operation|random|randomi[sz]ation|enrol|index)"
                        r"|诊断|确诊|手术日|入组|入院|起始")  # fmt: skip
END_DATE = re.compile(r"last|follow|(^|_)(end|fu|exit|contact|censor)|末次|最后|随访|截止|终点")
DEATH_DATE = re.compile(r"death|died|dod|deceas|死亡")

# A status cell that names an event or the absence of one; the first that fits decides.
CENSORED_CELL = re.compile(
    r"\b(alive|living|censored|no event|lost|event.free|disease.free|disease ?free|progression.free|no|none|false"
    r"|without|not|never|withdrawn)\b|存活|生存|失访|健在|无|否|未|不|在世|删失|带瘤"
)
EVENT_CELL = re.compile(
    r"\b(dead|died|death|deceased|event|recurred|recurrence|relapsed?|progress(ed|ion)|failed|failure|yes|true"
    r"|with tumou?r)\b|死亡|已故|去世|复发|进展|是|有"
)
OF_CANCER = re.compile(r"cancer|tumou?r|disease|肿瘤|癌|本病|疾病")
OF_OTHER = re.compile(r"other|another|non.?cancer|unrelated|其他|其它|非肿瘤|非癌")

ENDPOINTS = (
    ("os", "Overall survival",
     re.compile(r"(^|_)(os|death|dead|died|deceased|vital|alive)(_|$)|死亡|存活|生死|生存状态")),
    ("css", "Cancer-specific survival", re.compile(r"(^|_)(dss|css|bcss)(_|$)")),
    ("pfs", "Progression-free survival", re.compile(r"(^|_)(pfs|pfi)(_|$)|无进展")),
    ("dfs", "Disease-free survival", re.compile(r"(^|_)(dfs|dfi|efs)(_|$)|无病")),
    ("rfs", "Recurrence-free survival", re.compile(r"(^|_)(rfs|rfstime)(_|$)|无复发")),
    ("recurrence", "Time to recurrence", re.compile(r"recur|relapse|复发")),
    ("progression", "Time to progression", re.compile(r"progress|(^|_)(ttp|pstat)(_|$)|进展")),
)  # fmt: skip
"""Name and label of an endpoint by the headers of its time and its event, the main one first."""

UNITS_OF_TIME = (
    ("days", re.compile(r"(^|_)(d|day|days)(_|$)|days$|天|日数")),
    ("weeks", re.compile(r"(^|_)(wk|week|weeks)(_|$)|周")),
    ("months", re.compile(r"(^|_)(mo|mos|month|months)(_|$)|months$|月")),
    ("years", re.compile(r"(^|_)(yr|yrs|year|years)(_|$)|years$|年")),
)

# Covariates ---------------------------------------------------------------------------------------------------------
TREATMENT = re.compile(
    r"radiation|radiotherap|chemo|hormon|surgical|surgery|resection|hysterectomy|(^|_)(rt|drug|rx_tx|adjuvant|therapy|transplant|surg_approach)(_|$)|drug"
    r"|postoperative|手术|切除|清扫|化疗|放疗|内分泌治疗|靶向|免疫治疗|辅助"
)
ARM = re.compile(r"(^|_)(rx|trt|arm|treat|treatment|group|randomi[sz]ed)(_|$)|组别|分组|治疗组")
UNNAMED_CODES = re.compile(
    r"(^|_)(sex|gender|rx|trt|arm|treat|treatment|group|type|race|cell)(_|$)|性别|组别|分组|类型"
)
COUNT = re.compile(r"(^|_)(n|num|number|count|nodes?|pregnan\w*|parity|children|prio|examined|positive|size|age)(_|$)"
                   r"|个数|次数|数目|数量|产次|孕次")  # fmt: skip
ORDERED = re.compile(r"stage|grade|ecog|(^|_)(ps|figo|ajcc|score|class|[tnm]|differ|extent)(_|$)|分期|分级|分化|评分")
STAGE = re.compile(r"stage|figo|ajcc|分期|期别")
PRIORITY = (
    re.compile(r"(^|_)age(_|$)|年龄"),
    re.compile(r"(^|_)stage|figo|分期|(^|_)(meta|metastas\w*)(_|$)|远处转移"),
    re.compile(r"grade|differ|分级|分化"),
    re.compile(r"size|diamet|肿瘤大小|最大径"),
    re.compile(r"node|lymph|淋巴"),
    re.compile(r"histolog|celltype|cell_type|病理|morpholog"),
    re.compile(r"(^|_)(ecog|karno\w*|kps|ps)(_|$)"),
    re.compile(r"(^|_)(rx|trt|arm|treat|treatment|cohort|group)(_|$)|组别|分组"),
    re.compile(r"(^|_)(sex|gender)(_|$)|性别"),
)
"""Which covariates come first, while events allow."""

UNITS = (
    ("years", re.compile(r"(^|_)(age|years?|yrs?)(_|$)|年龄|岁")),
    ("mm", re.compile(r"(^|_)mm(_|$)")), ("cm", re.compile(r"(^|_)cm(_|$)")), ("kg", re.compile(r"(^|_)kg(_|$)")),
    ("%", re.compile(r"(^|_)(pct|percent)(_|$)")), ("g", re.compile(r"(^|_)g(_|$)")),
    ("days", re.compile(r"(^|_)days(_|$)|天")), ("months", re.compile(r"(^|_)(months|mo)(_|$)|月")),
)  # fmt: skip

NEGATIVE = frozenset(("no", "n", "negative", "neg", "absent", "false", "f", "否", "无", "阴性", "未", "normal"))
POSITIVE = frozenset(("yes", "y", "positive", "pos", "present", "true", "t", "是", "有", "阳性", "abnormal"))
SCALES = (
    ("none", "minimal", "mild", "moderate", "severe", "extensive"),
    ("low", "intermediate", "medium", "moderate", "high"),
    ("well", "moderate", "poor", "undifferentiated"),
    ("localized", "regional", "distant"),
    ("pre", "peri", "post"),
    ("superficial", "deep"),
    ("低级别", "中级别", "高级别"),
    ("高分化", "中分化", "低分化", "未分化"),
    ("轻", "中", "重"),
    ("低危", "中危", "高危"),
)
"""Words in their order; a column of which every level begins with another word of one scale is ordered so."""

DATE_FORMS = (
    "", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%d%b%Y", "%Y%m%d",
)  # fmt: skip
"""How dates are written; the empty one is YYYY-MM-DD."""

_CUT = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def tokens(header: str) -> str:
    """Return a header in lower case, its words joined by ``_``; full-width letters become plain ones."""
    plain = unicodedata.normalize("NFKC", header)
    return _CUT.sub("_", _CAMEL.sub("_", plain)).strip("_").lower()


def says_missing(word: str) -> bool:
    """Tell whether a cell says that there is no value."""
    return bare(word) in MISSING


def bare(word: str) -> str:
    """Return a cell in lower case without brackets and blanks around it."""
    return unicodedata.normalize("NFKC", word).strip().strip("[]<>").strip().lower()


def first_match(rules: Iterable[tuple[str, re.Pattern[str]]], text: str) -> str:
    """Return the name of the first rule that a text fits; empty when none does."""
    return next((name for name, rule in rules if rule.search(text)), "")
