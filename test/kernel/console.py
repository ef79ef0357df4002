"""Drives `jupyter console` over a terminal as a user does, and prints what it answered."""

import json
import sys
from pathlib import Path

import pexpect

jupyter = str(Path(sys.executable).with_name("jupyter"))
arguments = ["console", "--kernel=saelab", "--simple-prompt", "--no-confirm-exit"]
console = pexpect.spawn(jupyter, arguments, encoding="utf8", timeout=100, dimensions=(40, 200))


def answer(count: int) -> str:
    """What stands between a cell's echo and the prompt of the next."""
    console.expect(rf"(?s)\r\n(.*)In \[{count}\]: ")
    return console.match[1].replace("\r", "").strip()


console.expect(r"In \[1\]: ")
console.sendline("const kept: number = 6 * 7; kept")
value = answer(2)
# What is waited for stands in two parts in the cell, so that its echo is not taken for its output.
console.sendline("console.log('spin' + 'ning'); while (true) {}")
console.expect("spinning")
console.sendintr()
interrupted = answer(3)
console.sendline("kept + await Promise.resolve(1)")
after = answer(4)
console.sendline('const name = await input("Who" + "? "); name.length')
console.expect(r"Who\? ")
console.sendline("Ada")
asked = answer(5)
console.sendeof()
console.expect(pexpect.EOF)
console.close()

print(
    json.dumps(
        {
            "value": value,
            "interrupted": interrupted,
            "after": after,
            "asked": asked,
            "status": console.exitstatus,
        }
    )
)
