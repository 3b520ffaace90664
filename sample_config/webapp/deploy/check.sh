#!/bin/sh
# A deployment is good when the application answers, and says that it is the build that was installed.
set -eu
wanted="$(cat "${POINTSMAN_INSTANCE_ROOT:-}/srv/webapp/build.json")"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    if python3 -B - "http://127.0.0.1:${POINTSMAN_INSTANCE_PORT:-8080}/version" "$wanted" << 'PYTHON'
import json
import sys
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], timeout=2) as answer:
        found = json.load(answer)
except OSError:
    sys.exit(1)
sys.exit(found != json.loads(sys.argv[2]))
PYTHON
    then
        echo "serving $wanted"
        exit 0
    fi
    sleep 0.25
done
echo "webapp does not answer as this build" >&2
exit 1
