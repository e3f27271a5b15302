"""Has compiled programs open the secrets: an editor, a database, an archiver, a dynamic loader, with and without a shell."""

# family: reading
# layer: files
# expect: ran
import os
import shutil
import subprocess

answers = []
for place in (SECRET_FILE, GRADEBOOK, OTHER_FILE, HOME_FILE):
    for words in (
        ["cat"],
        ["dd", "if="],
        ["tar", "cf", "-"],
        ["grep", "-a", "."],
        ["cp", "-t", "."],
        ["base64"],
        ["perl", "-pe", "1"],
        ["diff", "/dev/null"],
    ):
        if shutil.which(words[0]):
            command = [*words[:-1], words[-1] + place] if words[-1].endswith("=") else [*words, place]
            done = subprocess.run(command, capture_output=True, timeout=5, check=False)
            answers.append((words[0], done.returncode, done.stdout.decode(errors="replace")[-60:]))
print("ran", len(answers), answers)
print(os.listdir())
