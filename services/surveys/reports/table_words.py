"""The words of the reports as tables, (Chinese, English): headings of columns, and what is counted or measured."""

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]

HEADINGS: Words = {
    "asof": ("统计时刻", "As of"),
    "from": ("起", "From"),
    "to": ("止", "To"),
    "group_by": ("分组", "Grouped by"),
    "key": ("组", "Group"),
    "who": ("谁的话", "Who said it"),
    "measure": ("指标", "Measure"),
    "part": ("细分", "Part"),
    "kind": ("性质", "Kind"),
    "unit": ("单位", "Unit"),
    "value": ("数值", "Value"),
    "n": ("样本数", "n"),
    "low": ("95% 下限", "95% low"),
    "high": ("95% 上限", "95% high"),
    "method": ("区间算法", "Interval by"),
    "source": ("出处", "Source"),
    "list": ("清单链接", "List"),
    "community_id": ("小区编号", "Community id"),
    "unit_id": ("房屋编号", "Home id"),
    "gap": ("差距", "Gap"),
    "name": ("名称", "Name"),
    "owed": ("尚欠好服务", "Good services owed"),
    "bad": ("差评", "Bad"),
    "good": ("好评", "Good"),
    "neither": ("不好不差", "Neither"),
    "last_bad_at": ("最近一次差评", "Last bad one"),
    "estimate": ("估计依据", "Estimated by"),
    "campaign": ("意见征集", "Campaign"),
    "item": ("题目编号", "Item"),
    "text": ("题目", "Question"),
    "managers": ("管理者的估计", "Managers thought"),
    "managers_n": ("估计的管理者数", "Managers who estimated"),
}

NAMES: Words = {
    "community": ("小区", "community"),
    "month": ("月份", "month"),
    "all": ("合计", "all"),
    "household": ("住户本人", "the household itself"),
    "proxies": ("他人代答（不计入）", "others in its place (not counted)"),
    "count": ("计数", "count"),
    "figure": ("测得", "figure"),
    "estimate": ("经验估计，未经统计", "estimate, nobody counted it"),
    "lack": ("数据不足：已有／需要", "too little: have / needed"),
    "asked": ("已询问", "asked"),
    "answered": ("本人已答", "answered"),
    "proxy": ("他人代答", "answered by somebody else"),
    "silent": ("未作答", "silent"),
    "open": ("仍可作答", "still open"),
    "withdrawn": ("已撤回", "withdrawn"),
    "response_rate": ("应答率", "response rate"),
    "silence_rate": ("未应答率", "non-response rate"),
    "solved": ("已真正解决", "really solved"),
    "csat": ("满意（5 分中 4、5 分）", "content (4 or 5 of 5)"),
    **{f"rated_{mark}": (f"评 {mark} 分", f"rated {mark}") for mark in range(1, 6)},
    "nps": ("净推荐值（−100 至 100）", "net promoter score (−100 to 100)"),
    "ces": ("费力程度（1 至 7）", "effort (1 to 7)"),
    "reliability": ("可靠性：感受减期望", "reliability: perceived minus expected"),
    "responsiveness": ("响应性：感受减期望", "responsiveness: perceived minus expected"),
    "assurance": ("保证性：感受减期望", "assurance: perceived minus expected"),
    "empathy": ("移情性：感受减期望", "empathy: perceived minus expected"),
    "tangibles": ("有形性：感受减期望", "tangibles: perceived minus expected"),
    "share": ("比例", "share"),
    "hours": ("小时", "hours"),
    "points of 1 to 7": ("分（1 至 7）", "points of 1 to 7"),
    "households": ("作答的住户", "households that answered"),
    "answers_before_estimates": ("估计之前已有的答复", "answers before the estimates"),
    "urgent_repairs": ("急修工单", "urgent repairs"),
    "jobs_filed": ("报事数", "jobs filed"),
    "jobs_open": ("未完结", "jobs still open"),
    "clocks_decided": ("已判定的时限", "clocks decided"),
    "clocks_unknown": ("无法判定的时限", "clocks unknown"),
    "clocks": ("时限", "clocks"),
    "promises": ("承诺", "promises"),
    "kept": ("守约", "kept"),
    "broken": ("失约", "broken"),
    "replaced": ("已另约", "replaced"),
    "acknowledge": ("受理", "acknowledge"),
    "attend": ("到场", "attend"),
    "make_safe": ("排险", "make safe"),
    "resolve": ("解决", "resolve"),
    "met": ("达标", "met"),
    "breached": ("超时", "missed"),
    "running_late": ("其中仍超时未结", "of these still running late"),
    "unknown": ("无法判定", "unknown"),
    "missed": ("超时比例", "share missed"),
    "hours_late": ("超时小时数（中位数）", "hours late (median)"),
    "residents": ("业主所说", "residents say"),
    "managers": ("管理者的估计", "managers think"),
    "difference": ("相差", "difference"),
    "expected_hours": ("期望小时数", "hours expected"),
    "target_hours": ("标准小时数", "hours of the target"),
    "managers_think_hours": ("管理者以为的小时数", "hours managers think"),
    "expected_minus_perceived": ("期望减感受", "expected minus perceived"),
    "invited": ("已邀请的住户", "households invited"),
    "all_households": ("全部住户", "all households"),
    "share_satisfied": ("满意比例", "share content"),
    "net_promoters": ("净推荐值", "net promoters"),
    "mean": ("平均值", "mean"),
    "median": ("中位数", "median"),
}


def in_words(code: str, locale: str) -> str:
    """Return the name of what a code stands for; one that is not here is shown as it is."""
    return _one(NAMES, code, locale)


def heading(column: str, locale: str) -> str:
    """Return the heading of a column."""
    return _one(HEADINGS, column, locale)


def _one(words: Words, code: str, locale: str) -> str:
    both = words.get(code)
    return code if both is None else both[0 if locale.startswith("zh") else 1]
