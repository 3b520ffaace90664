"""What ``--help`` says, command by command."""

ABOUT = """\
A terminal console for delivery on AWS: pipelines, builds, deployments; approvals, gates, retries, rollbacks.

  pointsman          AWS, as your profile sees it. Starts read-only.
  pointsman demo     A made-up release floor, alive. Runs nothing, needs no account.
  pointsman local    A world on this machine: pipelines really run, builds are real processes.
  pointsman trace FILE   The traces in a file. Needs no account.
  pointsman serve    The same world as an AWS endpoint, for the aws command line and every SDK. No screen.
  pointsman env      The variables that point a shell at it, keys included.
  pointsman doctor   What is wrong: on what that rests, and what to do next. No screen.
  pointsman iam-policy   The least permissions for looking and for what you name, as an IAM policy.
"""

EXAMPLES = """\
examples:
  pointsman --profile prod --region eu-west-1
  pointsman --endpoint-url http://127.0.0.1:5000     another endpoint that speaks AWS
  pointsman demo --at 600 --paused                   ten minutes in, standing still
  pointsman local --load sample_config/webapp
  pointsman serve --load sample_config/webapp

Command line comes before environment (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, POINTSMAN_CONFIG), environment before
the configuration file. NO_COLOR is obeyed. "pointsman demo --help", and so on, says more.

exit codes:
  0    you left, or ended what was served
  1    pointsman broke; it says where its log is
  2    it did not start: an argument, a profile, the configuration, the state folder or the terminal; it says which
  129, 143   ended by a closed terminal (SIGHUP) or by SIGTERM, which ends "serve" with 0
  130  interrupted
"""

DEMO = """\
A seeded release floor on the bundled backend, in this process. Nothing is executed and nothing leaves this machine;
the same seed and the same second show the same screen everywhere. Writes are open: approve, reject, close a gate.
It opens with a short tour, which ctrl+t leaves and :tour begins again; --at, --paused and --scenario open without it.
"""

DEMO_EXAMPLES = """\
examples:
  pointsman demo
  pointsman demo --seed 7 --speed 10        another floor, ten times as fast
  pointsman demo --at 600 --paused          a still picture, ten minutes in
  pointsman demo --scenario approvals       another story
"""

LOCAL = """\
The bundled backend with a state folder: pipelines take commits from git repositories on this machine, and builds run
the commands of their buildspec.yml as you, with your rights. The first time a world file names commands or
repositories that this folder does not know, you are asked whether to trust them. Writes are open. It works in a
process of its own, which ends with the console that started it; a second console on the folder joins it.
"""

LOCAL_EXAMPLES = """\
examples:
  pointsman local --load sample_config/webapp
  pointsman local --state ./world --load pipelines.yml more.yml
  pointsman local                           what you had last time
"""

TRACE = """\
The traces in a file, as waterfalls: what "aws xray batch-get-traces" prints, a list of segment documents, or one
document per line. Nothing leaves this machine, and no account is needed.
"""

TRACE_EXAMPLES = """\
examples:
  pointsman trace slow.json                 of: aws xray batch-get-traces --trace-ids ID > slow.json
"""

SERVE = """\
The bundled backend with a state folder, as an AWS endpoint over HTTP: what "pointsman local" shows, for the stock aws
command line, boto3 and every other SDK. It needs no terminal; SIGTERM and SIGINT stop running builds and end it. It
prints its address and how to use it by profile. Every request is signed, with keys that "pointsman env" prints.
"""

SERVE_EXAMPLES = """\
examples:
  pointsman serve --load sample_config/webapp
  pointsman serve --state ./world --port 4600 --trust --load pipelines.yml
  pointsman serve --state ./world --ready-file ./ready.json --allow-reset
"""

DOCTOR = """\
Looks at who is asking, at this machine's clock, and at one thing or at everything that is in trouble: pipelines that
do not move, builds and deployments that failed, metrics without data, traces that are missing. Each finding says on
what it rests and what to do next. It only reads.
"""

DOCTOR_EXAMPLES = """\
examples:
  pointsman doctor
  pointsman doctor --profile prod pipeline checkout
  pointsman doctor metric Shop/Orders Region=eu
  pointsman doctor --state ./world build checkout-test:0d9f3c1e-...

exit codes:
  0    nothing is broken in what was looked at
  1    something is; it says what
  2    it could not look
"""

ENV = """\
Prints the variables that point a shell at whoever serves a state folder, "pointsman serve" or a console with a local
world, its keys included.
"""

ENV_EXAMPLES = """\
examples:
  pointsman env
  pointsman env --state ./world             evaluate it: eval "$(pointsman env --state ./world)"
"""

POLICY = """\
Prints the least IAM policy for this console: for looking alone, or for looking and the operations you name.
"""

POLICY_EXAMPLES = """\
examples:
  pointsman iam-policy                      looking
  pointsman iam-policy approval.approve approval.reject
  pointsman iam-policy --all                looking, and everything the console can do
  pointsman iam-policy --list               the operations, and the calls each may make
"""
