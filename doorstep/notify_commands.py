"""`doorstep notify`: see the words of a notice before anybody is sent them."""

import click


@click.group()
def notify() -> None:
    """Look at what people are told."""


@notify.command()
@click.argument("kind")
@click.option("--role", help="Who reads it: resident, owner, former, dispatcher, manager; without it everybody.")
@click.option("--lang", type=click.Choice(["zh-CN", "en"]), help="In which language; without it in both.")
@click.option("--set", "fields", multiple=True, metavar="FIELD=VALUE", help="Another value than the sample's.")
def preview(kind: str, role: str | None, lang: str | None, fields: tuple[str, ...]) -> None:
    """Show the words of KIND (such as ticket.filed) with sample fields, as each reader gets them."""
    from services.notify.audience import KINDS, RULES, Contact
    from services.notify.rendering import render
    from services.notify.samples import HAPPENED, sample_fact

    if kind not in KINDS:
        raise click.BadParameter(f"there is no kind {kind!r}. There are: {', '.join(KINDS)}", param_hint="KIND")
    rules = [rule for rule in RULES if rule.kind == kind and role in (None, rule.audience)]
    if not rules:
        audiences = ", ".join(rule.audience for rule in RULES if rule.kind == kind)
        raise click.BadParameter(f"of {kind} hear: {audiences}", param_hint="--role")
    changes = dict(field.split("=", 1) for field in fields if "=" in field)
    if len(changes) != len(fields):
        raise click.BadParameter("write FIELD=VALUE, each field once", param_hint="--set")
    for rule in rules:
        for locale in [lang] if lang else ["zh-CN", "en"]:
            try:
                fact = sample_fact(rule.fact, **changes)
            except TypeError as problem:
                raise click.BadParameter(f"{kind} has no such field ({problem})", param_hint="--set") from problem
            words = render(fact, rule, Contact("reader", "organisation", role=rule.audience, locale=locale), HAPPENED)
            click.echo(f"── {rule.kind} · {rule.audience} · {locale}\n{words.title}\n\n{words.body}\n")
