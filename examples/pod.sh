#!/bin/sh
# pod.sh [IMAGE] - two containers that share a network: a front, which other machines reach, asks an application
# that only the pod can reach.
#
# The image needs busybox: the one that scripts/quickstart has made is the default.
set -e
image=${1:-localhost/busybox:latest}
show() { printf '\n$ %s\n' "$*"; "$@"; }

pypod pod rm --force --ignore hello >/dev/null
trap 'pypod pod rm --force --time 0 hello >/dev/null' EXIT

# the port of this machine is chosen: "pypod port" says which one it is
show pypod pod create --name hello --publish 127.0.0.1::8000

# the application listens on the pod's own 127.0.0.1
pypod run -d --pod hello --name hello-app --init "$image" sh -c '
  mkdir -p /srv/www && echo "hello from a pod" >/srv/www/index.html
  exec httpd -f -p 127.0.0.1:8080 -h /srv/www' >/dev/null

# the front asks it for every page
pypod run -d --pod hello --name hello-front --init "$image" sh -c '
  mkdir -p /srv/www/cgi-bin
  printf "%s\n" "#!/bin/sh" "echo Content-Type: text/plain; echo" "exec wget -qO- http://127.0.0.1:8080/" \
    >/srv/www/cgi-bin/page
  chmod +x /srv/www/cgi-bin/page
  exec httpd -f -p 8000 -h /srv/www' >/dev/null

show pypod pod ps --ctr-names
address=$(pypod port hello 8000)
printf '\nfetching http://%s/cgi-bin/page\n' "$address"
python3 - "http://$address/cgi-bin/page" <<'EOF'
import sys, time, urllib.request
text, problem = "", "an empty page"
for _ in range(50):  # the two need a moment to listen
    try:
        text = urllib.request.urlopen(sys.argv[1], timeout=10).read().decode()
    except OSError as error:
        problem = error
    if text:
        break
    time.sleep(0.1)
print(text, end="") if text else sys.exit(f"no answer: {problem}")
EOF
show pypod pod stop --time 2 hello
