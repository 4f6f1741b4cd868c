# SPDX-License-Identifier: BSD-2-Clause
"""What plans for some jails mean for others: those that depend on them, those that they depend on, and those within
them. Pure.

jail(8) starts what a jail depends on along with it, and takes down for good, silently, what depends on a jail that it
stops or restarts (recorded: dep-1, dep-2). So that each keeps its own configuration and record, we say ourselves what
happens to each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.bsd.jail.plugins.module_utils.configured import Configured, dependencies, settings_of
from ansible_collections.bsd.jail.plugins.module_utils.desired import ABSENT, STOPPED, Desired
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.jls import Jail
from ansible_collections.bsd.jail.plugins.module_utils.plan import MODIFY, START, STOP, WRITE, Observed, Plan


@dataclass
class Extension:
    """Plans, and what comes to them.

    plans: by the jail's name; those that come to them are added. wanted: what was asked for, by name.
    jails: what runs. after: the host's configuration when all files are as they are to be.
    observe: how a jail was found. owed: what each jail was started with that an earlier run took down and was
    to start again.
    failed: why a jail that was asked for can't be brought to what is wanted of it.
    """

    plans: dict[str, Plan]
    wanted: Mapping[str, Desired]
    jails: Mapping[str, Jail]
    after: Configured
    observe: Callable[[str], Observed]
    owed: Mapping[str, str]
    failed: dict[str, JailError] = field(default_factory=dict)

    def extend(self) -> None:
        """Add what follows from the plans."""
        for name in [name for name, one in self.plans.items() if STOP in one.steps]:
            self._stop_dependents(name, self.wanted[name], ())
        if any(START in one.steps for one in self.plans.values()):
            self._start_owed()
        for name in [name for name, one in self.plans.items() if START in one.steps]:
            self._start_dependencies(name)
        for name, one in list(self.plans.items()):
            if START in one.steps or WRITE in one.steps:
                self._refuse_loop(name)

    def depends(self, name: str) -> tuple[str, ...]:
        """What a jail depends on: by what it will be started with, or runs with."""
        one = self.plans.get(name)
        if one is not None and (name not in self.jails or START in one.steps or MODIFY in one.steps):
            return dependencies(settings_of(one.effective, name))
        return dependencies(settings_of(self.observe(name).started_with or "", name))

    def _fail(self, name: str, message: str, parameter: str) -> None:
        self.failed.setdefault(name, InputError(f"jail {name} {message}", jail=name, parameter=parameter))

    # --- what runs and depends on a jail that is stopped, and what runs within it ---------------------------------

    def _stop_dependents(self, name: str, asked: Desired, above: tuple[str, ...]) -> None:
        """asked: what was asked of the jail that all this is for the sake of. above: it, and what is between."""
        self._stop_children(name, asked)
        comes_back = START in self.plans[name].steps
        what = asked.dependents or ("restart" if comes_back else "refuse")
        for other in self._running_dependents(name):
            if other in above or what == "ignore":
                continue
            one = self.plans.get(other)
            if one is not None and STOP in one.steps:
                continue
            if what == "refuse" or (what == "restart" and not comes_back):
                self._fail(
                    asked.name,
                    f"can't be stopped while {other} runs, which depends on {name}. Stop that first, or say with "
                    "'dependents' what becomes of it.",
                    "dependents",
                )
                continue
            self._take_down(other, name, what == "restart" or self._stays_up(other))
            self._stop_dependents(other, asked, (*above, name))

    def _stays_up(self, name: str) -> bool:
        return name in self.wanted and name in self.plans and self.wanted[name].state not in (STOPPED, ABSENT)

    def _take_down(self, name: str, below: str, again: bool) -> None:
        one, found = self.plans.get(name), self.observe(name)
        because = f"it depends on {below}"
        if one is None:
            text = found.started_with or ""
            steps = (STOP, START) if again else (STOP,)
            self.plans[name] = Plan(name, steps, found.text, text, because=because, is_dependent=True)
            return
        files = tuple(step for step in one.steps if step not in (MODIFY, START))
        both = (STOP, *files, START) if again else (STOP, *files)
        self.plans[name] = replace(one, steps=both, because=because, is_dependent=True)

    def _running_dependents(self, name: str) -> list[str]:
        return [other for other in self.jails if other != name and name in self.depends(other)]

    def _stop_children(self, name: str, asked: Desired) -> None:
        children = tuple(sorted(other for other in self.jails if other.startswith(f"{name}.")))
        if children and asked.children != "stop":
            self._fail(
                asked.name,
                f"can't be stopped while jails run within {name}, which would end without their exec.stop: "
                f"{', '.join(children)}. Stop them first, or use 'children: stop'.",
                "children",
            )
        self.plans[name] = replace(self.plans[name], children=children)

    # --- what is started along with a jail ------------------------------------------------------------------------

    def _start_owed(self) -> None:
        """What an earlier run took down for a restart, and didn't come to start again."""
        left = {name: text for name, text in self.owed.items() if name not in self.plans and name not in self.failed}
        while left:
            ready = {
                name: needs
                for name, text in left.items()
                for needs in [dependencies(settings_of(text, name))]
                if any(self._is_started(one) for one in needs) and all(self._will_run(one) for one in needs)
            }
            if not ready:
                return
            for name, needs in ready.items():
                below = next(one for one in needs if self._is_started(one))
                because = f"it depends on {below}, for which it was taken down before"
                text = left.pop(name)
                found = self.observe(name)
                self.plans[name] = Plan(name, (START,), found.text, text, because=because, is_dependent=True)

    def _is_started(self, name: str) -> bool:
        return name in self.plans and START in self.plans[name].steps

    def _will_run(self, name: str) -> bool:
        one = self.plans.get(name)
        return self._is_started(name) or (name in self.jails and (one is None or STOP not in one.steps))

    def _start_dependencies(self, name: str) -> None:
        for other in self.depends(name):
            if other in self.failed:
                self._fail(name, f"depends on {other}, of which can't be made what is wanted", "depend")
            if other in self.failed or self._will_run(other):
                continue
            one, found = self.plans.get(other), self.observe(other)
            asked = self.wanted.get(other)
            if (asked is not None and asked.state in (STOPPED, ABSENT)) or (one is not None and STOP in one.steps):
                self._fail(name, f"depends on {other}, which is to be stopped.", "depend")
                continue
            effective = self.after.effective(other)
            if not effective:
                continue  # jail(8) is asked, and says that it isn't defined
            because = f"{name} depends on it"
            if one is None:
                self.plans[other] = Plan(other, (START,), found.text, effective, because=because)
            else:
                self.plans[other] = replace(one, steps=(*one.steps, START), because=because)
            self._start_dependencies(other)

    def _refuse_loop(self, name: str) -> None:
        """Refuse a jail that depends on itself by way of others; jail(8) says nothing of by which (recorded: dep-1)."""
        paths: list[tuple[str, ...]] = [(name,)]
        seen = set()
        while paths:
            path = paths.pop()
            for other in self.after.depends(path[-1]):
                if other == name:
                    loop = " -> ".join((*path, name))
                    self._fail(name, f"depends on itself: {loop}. jail(8) starts none of them.", "depend")
                    return
                if other not in seen:
                    seen.add(other)
                    paths.append((*path, other))


def unmet(texts: Mapping[str, str], jails: Mapping[str, Jail]) -> dict[str, str]:
    """The jails that can't be started since one that they depend on neither runs nor is started too, and which.

    texts: by what they are to be started. jails: what runs.
    """
    needs = {name: dependencies(settings_of(text, name)) for name, text in texts.items()}
    found: dict[str, str] = {}
    while True:
        more = {
            name: other
            for name, others in needs.items()
            for other in others
            if name not in found and other not in jails and (other not in needs or other in found)
        }
        if not more:
            return found
        found.update(more)
