#!/bin/sh
# Serves on the instance's own port; the target group sends traffic to it. What is started here lets go of the output.
set -eu
cd "${POINTSMAN_INSTANCE_ROOT:-}/srv/webapp"
PORT="${POINTSMAN_INSTANCE_PORT:-8080}" nohup python3 -B -m webapp > ../webapp.log 2>&1 &
echo $! > ../webapp.pid
echo "webapp is started as process $!"
