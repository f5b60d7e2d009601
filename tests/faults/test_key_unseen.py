"""The teacher's key, and who people are, in a class from its opening to its end: nobody else is told."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path

from benchmarks.load_server import App
from playground.classroom.classes import find
from playground.jobs import Jobs
from tests.faults.conftest import KEY
from tests.faults.tabs import PATIENCE, HeardTab, at, link_of, until

TEACHER, STUDENT = "7" * 31 + "e", "8" * 31 + "f"
WRONG = "sesame-9f3-wrong"
ROUTES = ("health", "_stcore/health", "_stcore/metrics", "_stcore/host-config")


async def does(tab: HeardTab, *keys: str) -> None:
    """Wait until controls stand on a page; raise an error with what is there otherwise."""
    there = await tab.wait(lambda: tab.shows(*keys), PATIENCE)
    assert there, (keys, sorted(tab.controls), tab.runs, tab.beats, tab.errors)


async def types(tab: HeardTab, values: dict[str, str], button: str) -> None:
    """Fill a form in and send it."""
    await does(tab, *values, f"FormSubmitter:{button}")
    for key, text in values.items():
        await tab.set(key, text)
    await tab.click(f"FormSubmitter:{button}")


async def takes_the_key(tab: HeardTab) -> None:
    await does(tab, "share")
    await tab.set("share", True)  # what is folded away is not drawn before
    for typed in (WRONG, KEY):
        runs = tab.runs
        await types(tab, {"teacher_key": typed}, "teacher_form-Use the key")
        assert await tab.wait(lambda runs=runs: tab.runs > runs, PATIENCE)
    await does(tab, "teacher_leave")


def told(served: App, run: str) -> bytes:
    """Return what a server answers to anybody."""
    found = b""
    for route in (*ROUTES, f"live/{run}"):
        with urllib.request.urlopen(f"{served.url}/{route}", timeout=PATIENCE) as answer:
            found += answer.read() + str(answer.headers).encode()
    return found


def test_key_is_in_no_link_no_message_no_file_and_no_log(alive: list[App], home: Path) -> None:
    here, there = alive[0], alive[-1]

    async def story() -> None:
        jobs = Jobs(home)
        async with at(here.url, TEACHER, "playground", link_of(epochs="200")) as teacher:
            await does(teacher, "train")
            await takes_the_key(teacher)
            links = [dict(teacher.link)]
            await teacher.go("class")
            await types(teacher, {"class_name": "Numerics"}, "open_class-Open")
            assert await teacher.wait(lambda: teacher.link.get("code"), PATIENCE), teacher.errors
            links.append(dict(teacher.link))
            await does(teacher, "class_show", "share:teacher", "share:class")

            code = f"code={teacher.link['code']}"
            async with at(there.url, STUDENT, "class", code) as student:
                await types(student, {"join_nickname": "Ada"}, "join-Join")
                assert await student.wait(lambda: "join_nickname" not in student.controls, PATIENCE)
                await teacher.click("class_show")
                await does(teacher, "train")
                run = teacher.link["run"]
                await until(lambda: find(jobs, links[1]["code"]).shown == run)
                await until(lambda: "playground" in student.pages)
                await student.go("playground")
                await does(student, "follow")
                await student.click("follow")
                await does(student, "stop_following", "flow")
                await teacher.click("train")
                await until(lambda: jobs.get(run).step > 0)
                answers = told(here, run) + told(there, run)
                await until(lambda: jobs.get(run).status == "finished")
                links += [dict(teacher.link), dict(student.link)]
                assert student.link == {"follow": links[1]["code"]}
                assert student.errors == []
            assert teacher.errors == []
            heard = b"".join(teacher.heard), b"".join(student.heard)

        logs = b"".join(path.read_bytes() for path in home.rglob("*.log"))
        assert b"playground.jobs.engine: ready" in logs
        assert len(heard[0]) > 100_000 < len(heard[1])
        files = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
        for secret in (KEY.encode(), WRONG.encode()):
            for place in (*heard, answers, files, str(links).encode()):
                assert secret not in place
        # Whoever knows the id of somebody's browser is that browser.
        assert TEACHER.encode() not in heard[1] + answers + logs + str(links).encode()
        assert STUDENT.encode() not in heard[0] + answers + logs + str(links).encode()
        assert TEACHER.encode() in files  # where it has to be: a search that finds something

    asyncio.run(story())
