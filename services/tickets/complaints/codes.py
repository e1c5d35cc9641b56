"""The codes a complaint is recorded in, each with its names: emotions, causes, severities and outcomes."""

from collections.abc import Mapping

COMPLAINT = "complaint"
Names = Mapping[str, Mapping[str, str]]


def _named(**names: tuple[str, str]) -> Names:
    return {code: {"zh-CN": zh, "en": en} for code, (zh, en) in names.items()}


EMOTIONS: Names = _named(
    angry=("愤怒", "Angry"),
    anxious=("焦急", "Anxious"),
    sad=("悲伤", "Sad"),
    agitated=("喧哗", "Agitated"),
    calm=("平静", "Calm"),
)
# 客户怨诉产生的原因, the causes that the field knows.
CAUSES: Names = _named(
    facility_quality=("产品或设施质量", "Quality of the product or facility"),
    repair_quality=("售后或维修质量", "Quality of the repair or after-service"),
    network_coverage=("网络覆盖", "Network coverage"),
    desk_error=("工作差错", "An error of the desk"),
    staff_conduct=("服务态度", "Conduct of staff"),
    policy=("政策规定", "Policy, such as when and how to pay"),
    over_expectation=("期望过高", "More expected than was agreed"),
    differing_standards=("标准不一", "Different standards"),
    unreasonable_demand=("不合理要求", "A demand out of proportion"),
)
SEVERITIES: Names = _named(minor=("一般", "Minor"), serious=("较重", "Serious"), grave=("重大", "Grave"))
# What the return visit found. Who was not reached has answered nothing.
SOLVED, NOT_SOLVED, NOT_REACHED = "solved", "not_solved", "not_reached"
OUTCOMES = (SOLVED, NOT_SOLVED, NOT_REACHED)
