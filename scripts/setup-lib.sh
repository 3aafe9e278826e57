# setup-lib.sh - what scripts/quickstart, scripts/test and scripts/bench share: set a machine up for pypod, changing
# only what is not in place yet. Sourced by bash, never run.
# shellcheck shell=bash
#
# Every function leaves the machine alone where it is as it should be, and counts in $CHANGES what it did.

TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PREFIX=/opt/pypod          # pypod's own environment
BIN=/usr/local/bin         # where the launcher goes
SHARE=/usr/local/share     # man pages and completion
# The interpreter that pypod runs on, whatever else is on PATH.
PYTHON=/usr/bin/python3
CHANGES=0
PROGRAM=$(basename "$0")
# What a failure of the running step is told with.
STEP="start" MEND=""
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PYTHONSTARTUP
umask 022

# crun and its neighbours do the work; each is named in pypod's own error when it is missing
# shellcheck disable=SC2034  # used by those who source this
RUN_PACKAGES=(crun slirp4netns uidmap fuse-overlayfs busybox catatonit python3 python3-venv ca-certificates)

say() { printf '%s\n' "$*"; }
step() { # step TITLE HOW-TO-MEND: begin a step; a failure inside it prints both
  STEP=$1 MEND=${2:-}
  printf '\n== %s\n' "$STEP"
}
changed() { CHANGES=$((CHANGES + 1)); say "$*"; }

die() { # die WHAT [HOW TO MEND]
  printf '\n%s: %s\n' "$PROGRAM" "$1" >&2
  [ -z "${2:-}" ] || printf 'to mend it: %s\n' "$2" >&2
  exit 1
}

on_error() { # the ERR trap: name the step, not only the line
  local code=$? line=$1
  trap - ERR
  die "the step \"$STEP\" failed (line $line, exit code $code): see the messages above" "$MEND"
}

need_root() {
  [ "$(id -u)" = 0 ] || die "this sets the machine up and needs root" "sudo $0"
  [ -e /etc/debian_version ] || die "this is made for Debian 12 and 13: /etc/debian_version is not there" \
    "install crun, slirp4netns, uidmap, fuse-overlayfs and catatonit by hand, then: pip install $TREE"
  mkdir -p /run/lock
  exec 9>/run/lock/pypod-setup
  flock -n 9 || { say "waiting for another run of the set-up to end"; flock 9; }
}

have_systemd() { [ -d /run/systemd/system ]; }

put() { # put FILE MODE: write stdin to FILE unless it holds just that already. Not behind a pipe: it counts
  local file=$1 mode=$2 text
  text=$(cat; printf x)
  if [ -f "$file" ] && [ "$(cat "$file"; printf x)" = "$text" ] && [ "$(stat -c %a "$file")" = "$mode" ]; then
    return 0
  fi
  mkdir -p "$(dirname "$file")"
  printf %s "${text%x}" >"$file.new"
  chmod "$mode" "$file.new"
  mv -f "$file.new" "$file"
  changed "wrote $file"
}

quietly() { # quietly CMD...: its output only if it fails
  local log code=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || code=$?
  if [ $code != 0 ]; then
    printf '$ %s\n' "$*" >&2
    tail -n 25 "$log" >&2
  fi
  rm -f "$log"
  return $code
}

missing_packages() { # print those of the packages named that are not installed
  local package
  for package in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
      installed) ;;
      *) [ "$package" = busybox ] && command -v busybox >/dev/null || printf '%s\n' "$package" ;;
    esac
  done
}

setup_packages() { # setup_packages PACKAGE...: install what is missing, nothing else
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} = 0 ]; then
    say "installed already: $*"
    return 0
  fi
  say "\$ apt-get install ${missing[*]}"
  quietly apt-get update -q
  quietly apt-get install -q -y --no-install-recommends "${missing[@]}"
  changed "installed: ${missing[*]}"
}

sources_digest() { # what the installed copy is made from: it is built again when this differs
  (
    cd "$TREE" || exit
    "$PYTHON" -V
    find pyproject.toml README.md LICENSE pypod libpod systemd -type f ! -name '*.pyc' -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
  ) | sha256sum | cut -d' ' -f1
}

make_venv() { # make_venv DIR: a virtual environment on the system's Python, made anew when that changed
  if "$1/bin/python3" -c 'import pip' 2>/dev/null &&
    [ "$("$1/bin/python3" -V)" = "$("$PYTHON" -V)" ]; then
    return 0
  fi
  quietly "$PYTHON" -m venv --clear "$1"
  changed "made the environment $1"
}

setup_documents() { # the manual pages and the shells' completion, where they look for those of local programs
  local page target changes=$CHANGES
  for page in "$TREE"/docs/man/*.1; do
    target=$SHARE/man/man1/$(basename "$page")
    cmp -s "$page" "$target" || { install -D -m 644 "$page" "$target"; CHANGES=$((changes + 1)); }
  done
  for target in "$SHARE"/man/man1/pypod*.1; do # a page that is no more
    [ -e "$TREE/docs/man/$(basename "$target")" ] || { rm -f "$target"; CHANGES=$((changes + 1)); }
  done
  [ "$CHANGES" = "$changes" ] || say "wrote the manual pages to $SHARE/man"
  put "$SHARE/bash-completion/completions/pypod" 644 < <("$BIN/pypod" completion bash)
  put "$SHARE/zsh/site-functions/_pypod" 644 < <("$BIN/pypod" completion zsh)
  put "$SHARE/fish/vendor_completions.d/pypod.fish" 644 < <("$BIN/pypod" completion fish)
}

setup_pypod() { # pypod from a wheel of this tree, compiled, with its launcher, man pages and completion
  local digest packages build wheel
  digest=$(sources_digest)
  if [ "$(cat "$PREFIX/.digest" 2>/dev/null)" != "$digest" ] || ! "$PREFIX/bin/python3" -c 'import libpod' 2>/dev/null; then
    make_venv "$PREFIX"
    build=$(mktemp -d)
    say "building a wheel of $TREE"
    quietly "$PREFIX/bin/python3" -m pip wheel --no-deps --wheel-dir "$build" "$TREE"
    wheel=$(find "$build" -name 'pypod-*.whl')
    # first what it depends on, then the wheel itself over whatever was there
    quietly "$PREFIX/bin/python3" -m pip install "$wheel"
    quietly "$PREFIX/bin/python3" -m pip install --no-deps --force-reinstall "$wheel"
    rm -rf "$build"
    # an account that may not write here could never cache them: 10 ms at every start
    packages=$("$PREFIX/bin/python3" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    quietly "$PREFIX/bin/python3" -m compileall -q "$packages"/{pypod,libpod,pypod_systemd}
    printf '%s\n' "$digest" >"$PREFIX/.digest"
    changed "installed pypod in $PREFIX"
  fi
  packages=$("$PREFIX/bin/python3" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  # -I and no site: 3 ms less at every start, and nobody's environment variables reach the engine
  put "$BIN/pypod" 755 <<EOF
#!/usr/bin/python3 -IS
import sys; sys.path.append("$packages"); from pypod.cli.entry import main; main()
EOF
  "$BIN/pypod" --version >/dev/null || die "the installed command does not start: $BIN/pypod --version" \
    "rm -rf $PREFIX, then run $0 again"
  setup_documents
  say "$("$BIN/pypod" --version) is in $PREFIX, started by $BIN/pypod"
}

setup_device() { # setup_device NODE MAJOR MINOR MODULE: a node that every account may open
  local node=$1 major=$2 minor=$3 module=$4
  if [ ! -e "$node" ]; then
    modprobe "$module" 2>/dev/null || true
    if [ ! -e "$node" ]; then
      mkdir -p "$(dirname "$node")"
      mknod -m 666 "$node" c "$major" "$minor" ||
        die "there is no $node and it cannot be made" "load the kernel module \"$module\", or pass the device into this container or virtual machine"
      changed "made $node"
    fi
  fi
  case $(stat -c %a "$node") in
    666) ;;
    *)
      chmod 666 "$node"
      changed "$node may be opened by every account now"
      if [ -d /etc/udev/rules.d ]; then
        # the next boot makes the node anew
        put /etc/udev/rules.d/70-pypod.rules 644 < <(
          {
            cat /etc/udev/rules.d/70-pypod.rules 2>/dev/null || true
            printf 'KERNEL=="%s", MODE="0666", OPTIONS+="static_node=%s"\n' "$module" "${node#/dev/}"
          } | sort -u
        )
      fi
      ;;
  esac
}

setup_kernel() { # what the kernel must allow an unprivileged account
  local knob
  for knob in kernel/unprivileged_userns_clone user/max_user_namespaces; do
    if [ "$(cat "/proc/sys/$knob" 2>/dev/null || echo 1)" = 0 ]; then
      die "this machine forbids user namespaces to unprivileged accounts (/proc/sys/$knob is 0)" \
        "sysctl -w ${knob//\//.}=$([ $knob = user/max_user_namespaces ] && echo 10000 || echo 1)"
    fi
  done
  setup_device /dev/fuse 10 229 fuse
  setup_device /dev/net/tun 10 200 tun
  say "an unprivileged account may make user namespaces and open /dev/fuse and /dev/net/tun"
}

has_subids() { # has_subids USER FILE: does it have a range there, by name or by number
  awk -F: -v name="$1" -v uid="$(id -u "$1")" '($1 == name || $1 == uid) && $3 >= 65536 { ok = 1 } END { exit !ok }' "$2" 2>/dev/null
}

setup_account() { # setup_account USER: made if it is not there, with subordinate ids
  local user=$1 kind file first
  if ! id "$user" >/dev/null 2>&1; then
    useradd --create-home --shell /bin/bash --comment "pypod" "$user"
    changed "made the account $user"
  fi
  for kind in uid gid; do
    file=/etc/sub$kind
    if ! has_subids "$user" "$file"; then
      # the first number behind every range that is given away already
      first=$(cat /etc/subuid /etc/subgid 2>/dev/null | awk -F: 'BEGIN { n = 100000 } $2 + $3 > n { n = $2 + $3 } END { print n }')
      usermod "--add-sub${kind}s" "$first-$((first + 65535))" "$user"
      changed "gave $user the subordinate ${kind}s $first-$((first + 65535))"
    fi
  done
  if have_systemd && command -v loginctl >/dev/null && [ ! -e "/var/lib/systemd/linger/$user" ]; then
    loginctl enable-linger "$user"
    changed "processes of $user may outlive its login (loginctl enable-linger $user)"
  fi
  say "the account $user has the subordinate ids $(awk -F: -v n="$user" -v u="$(id -u "$user")" '$1 == n || $1 == u { printf "%s%s-%s", sep, $2, $2 + $3 - 1; sep = ", " }' /etc/subuid)"
}

home_of() { getent passwd "$1" | cut -d: -f6; }

as_account() { # as_account USER CMD...: run CMD as USER with the environment of a login, in its home folder
  local user=$1 uid home
  shift
  uid=$(id -u "$user") home=$(home_of "$user")
  local environment=(HOME="$home" USER="$user" LOGNAME="$user" SHELL=/bin/bash LANG=C.UTF-8 TERM="${TERM:-dumb}"
    PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin)
  if have_systemd; then
    # a login session of its own, as ssh would make: it has a runtime directory and the user's bus
    systemd-run --quiet --collect --wait --pipe --uid="$user" -p PAMName=login -p "WorkingDirectory=$home" \
      -- env "${environment[@]}" "$@"
  else
    (
      cd "$home" || exit
      # without a service manager nobody makes the runtime directory; pypod falls back to one of its own
      if [ -d "/run/user/$uid" ] && [ "$(stat -c %u "/run/user/$uid")" = "$uid" ]; then
        environment+=(XDG_RUNTIME_DIR="/run/user/$uid")
      fi
      exec setpriv --reuid "$uid" --regid "$(id -g "$user")" --init-groups env -i "${environment[@]}" "$@" 9>&-
    )
  fi
}
