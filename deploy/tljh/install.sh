#!/usr/bin/env bash
# Put this course on a server with The Littlest JupyterHub; run it again after each update of the course. See docs/hub.md.
#
#   sudo bash deploy/tljh/install.sh
#
# It is run from a clone that learners cannot read, such as /root/optimization-course.
set -euo pipefail

course="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
account="${COURSE_ACCOUNT:-optimization}"      # its name on the Hub, as in deploy/hub/jupyterhub_config.py
user="${COURSE_UNIX_USER:-jupyter-$account}"   # TLJH's name for it on the machine
environment="${HUB_ENVIRONMENT:-/opt/tljh/user}"
config="${HUB_CONFIG:-/opt/tljh/config/jupyterhub_config.d}"
exchange="${EXCHANGE:-/srv/nbgrader/exchange}"

die() { echo "$*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || die "This needs root's rights: run it with sudo."
[ -x "$environment/bin/python" ] || die "There is no Python in $environment: install The Littlest JupyterHub first."
"$environment/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$environment has $("$environment/bin/python" --version); the course needs Python 3.11 or newer."
[ -d "$config" ] || die "There is no folder $config: install The Littlest JupyterHub first."

command -v bwrap >/dev/null || apt-get install -qq -y bubblewrap   # the sandbox that grading runs in

# The environment of all servers: the course's packages and `course_lib`. What is right stays out of it: `grader` lies
# in the course's account alone. PyTorch's CPU build is small; set COURSE_TORCH=default where the server has a GPU.
if [ "${COURSE_TORCH:-cpu}" = cpu ] && [ -n "${TORCH_INDEX:-}" ]; then
    "$environment/bin/python" -m pip install --index-url "$TORCH_INDEX" "$(grep '^torch==' "$course/constraints.txt")"
fi
"$environment/bin/python" -m pip install -c "$course/constraints.txt" "$course[hub]"
rm -rf "$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/grader"
install -d "$environment/etc/jupyter/labconfig"
install -m 0644 "$course/deploy/hub/jupyter_server_config.py" "$course/deploy/hub/nbgrader_config.py" "$environment/etc/jupyter/"
install -m 0644 "$course/course_lib/jupyter/labconfig/default_setting_overrides.json" "$environment/etc/jupyter/labconfig/"
sed -i "s|/srv/nbgrader/exchange|$exchange|" "$environment/etc/jupyter/nbgrader_config.py"

# The course's account. Its home, as everybody's, is its own.
id "$user" >/dev/null 2>&1 || useradd --create-home "$user"
home="$(getent passwd "$user" | cut -d: -f6)"
chmod 0700 "$home"

# The exchange: everybody may write, and only owners may rename or delete. The course's folder is there before anybody
# else could make one of that name.
install -d "$(dirname "$exchange")"
install -d -m 1777 "$exchange"
install -d -m 0755 -o "$user" -g "$(id -gn "$user")" "$exchange/optimization"

# Who teaches: made once, then yours to edit.
[ -e "$config/optimization_course.py" ] ||
    install -m 0644 "$course/deploy/hub/jupyterhub_config.py" "$config/optimization_course.py"

cat <<END
The course is installed. Next:
  1. Write the names of those who teach into $config/optimization_course.py, then: sudo tljh-config reload
  2. The class's folder, once:
     sudo cp -r $course $home/class && sudo chown -R $user: $home/class && sudo chmod 0700 $home/class
END
