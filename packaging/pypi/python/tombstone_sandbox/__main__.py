"""`python -m tombstone_sandbox`: the program."""

import os
import subprocess
import sys

from tombstone_sandbox import find_program

program = find_program()
if sys.platform == "win32":
    sys.exit(subprocess.call([program, *sys.argv[1:]]))
os.execv(program, [program, *sys.argv[1:]])
