"""The commands of case files: exporting one from a desk, and checking one anywhere."""

import sys
from pathlib import Path
from uuid import UUID

import click

from doorstep.homes import home_of_environment
from doorstep.sla_commands import language_option

CHANGED = {
    "zh-CN": "此文件已被改动，请勿以其为凭。",
    "en": "This file was changed; do not rely on it.",
}
# Held against a key, a file may also be whole and somebody else's.
CHANGED_OR_ANOTHERS = {
    "zh-CN": "此文件已被改动，或由其他密钥签署，请勿以其为凭。",
    "en": "This file was changed, or signed by another key; do not rely on it.",
}


@click.command("case-file")
@click.argument("number")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it, else case-NUMBER.zip."
)
@click.option("--organisation", type=click.UUID, help="Whose ticket, where several have this number.")
def case_file(number: str, output: Path | None, organisation: UUID | None) -> None:
    """Export ticket NUMBER as a signed bundle that anybody can check with `doorstep verify-case`.

    It is signed with the key of DOORSTEP_CASE_KEY_FILE, or else with that of the desk's home.
    """
    from doorstep import tickets
    from doorstep.connections import worker_url
    from doorstep.keys import case_key
    from services.kit.database import make_engine
    from services.tickets.case_file.bundle import pack
    from services.tickets.case_file.seals import fingerprint
    from services.tickets.queries.case_file import case_of

    home = home_of_environment()
    key = case_key(home)
    engine = make_engine(worker_url(home, "tickets"), pool_size=1, name="case-file")
    try:
        # One snapshot, so that no step comes between the ticket and its history.
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
            ticket = tickets.by_number(db, number, str(organisation) if organisation else None)
            case = case_of(db, tickets.operator(ticket["organisation_id"]), ticket["id"])
    finally:
        engine.dispose()
    target = output or Path(f"case-{ticket['number']}.zip")
    target.write_bytes(pack(case, key))
    click.echo(f"{target}: signed by the key with the fingerprint {fingerprint(key.public_key())}")


@click.command("verify-case")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Whose signature it must be.")
@language_option("the findings")
def verify_case(file: Path, key: Path | None, lang: str) -> None:
    """Check the case file FILE without a desk: exit status 1 at the first thing in it that is not true.

    Checked are the signature, every digest, the chain of the history, the seals of what people wrote, and that the
    clocks follow from history, policy and calendar. --key is the public key of the desk that signed, in PEM.
    """
    from services.tickets.case_file.bundle import LARGEST_FILE
    from services.tickets.case_file.checks import check
    from services.tickets.case_file.seals import NoKey, read_public

    try:
        signer = read_public(key.read_bytes()) if key else None
    except NoKey as problem:
        raise click.ClickException(f"{key}: {problem}") from problem
    with file.open("rb") as opened:
        content = opened.read(LARGEST_FILE + 1)
    true = True
    for finding in check(content, signer):
        true = finding.holds
        click.echo(f"{'✓' if finding.holds else '✗'} {finding.says[lang]}")
    if not true:
        click.echo((CHANGED_OR_ANOTHERS if signer else CHANGED)[lang])
    sys.exit(0 if true else 1)
