#!/bin/sh
# Comes from the revision that was installed last, as CodeDeploy has it: a first deployment stops nothing.
pid="${POINTSMAN_INSTANCE_ROOT:-}/srv/webapp.pid"
if [ -e "$pid" ]; then
    kill "$(cat "$pid")" 2> /dev/null || echo "webapp did not run"
    rm -f "$pid"
fi
