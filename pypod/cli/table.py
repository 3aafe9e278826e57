"""Owns: the compiled option table. Written by `python -m pypod.cli.compile`; do not edit.

The text of options is explained in parse.py. A command is (module, function, options may follow arguments,
arguments, words for a wrong number of arguments, options).
"""

from __future__ import annotations

# fmt: off
TYPE_CHECKING = False
if TYPE_CHECKING:
    Spec = tuple[str, str, bool, str, str, str]

PROGRAM = (
    " version/v=b "
)
GLOBAL = (
    " cdi-spec-dir/=a cgroup-manager/=s conmon/=s~ connection/c=s-default context/=>connection "
    "db-backend/=s~sqlite events-backend/=s hooks-dir/=a identity/=s- imagestore/=s- log-level/=s "
    "module/=a- namespace/=s- network-cmd-path/=s network-config-dir/=s- noout/=b out/=s remote/r=b- "
    "root/=s runroot/=s runtime/=s runtime-flag/=a ssh/=s- storage-driver/=s storage-opt/=a "
    "syslog/=b- tmpdir/=s~ transient-store/=b- url/=s- host/=>url volumepath/=s- "
)
_ATTACH_ATTACH: Spec = (
    "attach",
    "attach",
    True,
    "container?",
    "`{path}` accepts at most one argument",
    " detach-keys/=s latest/l=b no-stdin/=b sig-proxy/=B ",
)
_COMMIT_COMMIT: Spec = (
    "commit",
    "commit",
    True,
    "container? image?",
    "",
    " author/a=s change/c=a format/f=s iidfile/=s include-volumes/i=b message/m=s pause/p=b quiet/q=b "
    "squash/s=b ",
)
_COMPLETION_COMPLETION: Spec = (
    "completion",
    "completion",
    True,
    "shell",
    "",
    " file/f=s no-desc/=b ",
)
_CONTAINER_CLEANUP: Spec = (
    "container",
    "cleanup",
    True,
    "containers*",
    "",
    " all/a=b exec/=s latest/l=b rm/=b rmi/=b stopped-only/=b ",
)
_CLONE_CLONE: Spec = (
    "clone",
    "clone",
    True,
    "container new_name? image?",
    "",
    " blkio-weight/=s blkio-weight-device/=l cpu-period/=u cpu-quota/=i cpu-rt-period/=u~ "
    "cpu-rt-runtime/=i~ cpu-shares/c=u cpus/=f cpuset-cpus/=s cpuset-mems/=s destroy/=b "
    "device-read-bps/=l device-read-iops/=l device-write-bps/=l device-write-iops/=l force/f=b "
    "memory/m=s memory-reservation/=s memory-swap/=s memory-swappiness/=i~ name/=s pod/=s- run/=b ",
)
_DIFF_CONTAINER_DIFF: Spec = (
    "diff",
    "container_diff",
    True,
    "containers*",
    "",
    " format/=s latest/l=b ",
)
_CONTAINER_EXISTS: Spec = (
    "container",
    "exists",
    True,
    "container",
    "",
    " external/=b ",
)
_INSPECT_CONTAINER_INSPECT: Spec = (
    "inspect",
    "container_inspect",
    True,
    "containers*",
    "",
    " format/f=s latest/l=b size/s=b ",
)
_CONTAINER_PRUNE: Spec = (
    "container",
    "prune",
    True,
    "",
    "",
    " filter/=a force/f=b ",
)
_CP_CP: Spec = (
    "cp",
    "cp",
    True,
    "source destination",
    "",
    " archive/a=B overwrite/=b ",
)
_CREATE_CREATE: Spec = (
    "create",
    "create",
    False,
    "image command*",
    "",
    " add-host/=l annotation/=a arch/=s attach/a=l authfile/=s blkio-weight/=s blkio-weight-device/=l "
    "cap-add/=l cap-drop/=l cert-dir/=s cgroup-conf/=l cgroup-parent/=s cgroupns/=s cgroups/=s "
    "chrootdirs/=l cidfile/=s conmon-pidfile/=s cpu-period/=u cpu-quota/=i cpu-rt-period/=u~ "
    "cpu-rt-runtime/=i~ cpu-shares/c=u cpus/=f cpuset-cpus/=s cpuset-mems/=s creds/=s "
    "decryption-key/=l- device/=l device-cgroup-rule/=l- device-read-bps/=l device-read-iops/=l "
    "device-write-bps/=l device-write-iops/=l disable-content-trust/=b~ dns/=l dns-option/=l "
    "dns-opt/=>dns-option dns-search/=l entrypoint/=s env/e=a env-file/=a env-host/=b env-merge/=a "
    "expose/=l gidmap/=l gpus/=s group-add/=l group-entry/=s health-cmd/=s-none "
    "healthcheck-command/=>health-cmd health-interval/=s- healthcheck-interval/=>health-interval "
    "health-log-destination/=s- health-max-log-count/=u- health-max-log-size/=u- "
    "health-on-failure/=s-none health-retries/=u- healthcheck-retries/=>health-retries "
    "health-start-period/=s- healthcheck-start-period/=>health-start-period health-startup-cmd/=s- "
    "health-startup-interval/=s- health-startup-retries/=u- health-startup-success/=u- "
    "health-startup-timeout/=s- health-timeout/=s- healthcheck-timeout/=>health-timeout hostname/h=s "
    "hosts-file/=s hostuser/=l http-proxy/=B image-volume/=s init/=b init-ctr/=s init-path/=s "
    "interactive/i=b ip/=s- ip6/=s- ipc/=s label/l=a label-file/=a link-local-ip/=l- log-driver/=s "
    "log-opt/=l mac-address/=s- memory/m=s memory-reservation/=s memory-swap/=s memory-swappiness/=i~ "
    "mount/=a name/=s network/=a net/=>network network-alias/=l- no-healthcheck/=b no-hostname/=b "
    "no-hosts/=b oom-kill-disable/=b~ oom-score-adj/=i os/=s passwd-entry/=s personality/=s- pid/=s "
    "pidfile/=s pids-limit/=i platform/=s pod/=s pod-id-file/=s privileged/=b publish/p=l "
    "publish-all/P=b pull/=s quiet/q=b rdt-class/=s- read-only/=b read-only-tmpfs/=B replace/=b "
    "requires/=l restart/=s retry/=u retry-delay/=s rm/=b rootfs/=b sdnotify/=s-ignore "
    "seccomp-policy/=s-default secret/=a security-opt/=a shm-size/=s shm-size-systemd/=s "
    "stop-signal/=s stop-timeout/=u subgidname/=s subuidname/=s sysctl/=l systemd/=s timeout/=u "
    "tls-verify/=B tmpfs/=a tty/t=b tz/=s uidmap/=l ulimit/=l umask/=s unsetenv/=a unsetenv-all/=b "
    "user/u=s userns/=s uts/=s variant/=s volume/v=a volumes-from/=a workdir/w=s ",
)
_DIFF_DIFF: Spec = (
    "diff",
    "diff",
    True,
    "names*",
    "",
    " format/=s latest/l=b ",
)
_EVENTS_EVENTS: Spec = (
    "events",
    "events",
    True,
    "",
    "",
    " filter/f=a format/=s no-trunc/=B since/=s stream/=B until/=s ",
)
_EXEC_EXEC: Spec = (
    "exec",
    "exec_",
    False,
    "container? command*",
    "",
    " cidfile/=s detach/d=b detach-keys/=s env/e=a env-file/=a interactive/i=b latest/l=b "
    "no-session/=b preserve-fd/=l preserve-fds/=u privileged/=b tty/t=b user/u=s workdir/w=s ",
)
_EXPORT_EXPORT: Spec = (
    "export",
    "export",
    True,
    "container",
    "",
    " output/o=s ",
)
_HELP_HELP: Spec = (
    "help",
    "help_",
    True,
    "command*",
    "",
    "",
)
_HISTORY_HISTORY: Spec = (
    "history",
    "history",
    True,
    "image",
    "",
    " format/=s human/H=B no-trunc/=b quiet/q=b ",
)
_DIFF_IMAGE_DIFF: Spec = (
    "diff",
    "image_diff",
    True,
    "images*",
    "",
    " format/=s ",
)
_IMAGE_EXISTS: Spec = (
    "image",
    "exists",
    True,
    "image",
    "",
    "",
)
_INSPECT_IMAGE_INSPECT: Spec = (
    "inspect",
    "image_inspect",
    True,
    "images*",
    "",
    " format/f=s ",
)
_MOUNT_IMAGE_MOUNT: Spec = (
    "mount",
    "image_mount",
    True,
    "images*",
    "",
    " all/a=b format/=s ",
)
_IMAGE_PRUNE_PRUNE: Spec = (
    "image_prune",
    "prune",
    True,
    "",
    "",
    " all/a=b build-cache/=b~ external/=b~ filter/=a force/f=b ",
)
_HISTORY_TREE: Spec = (
    "history",
    "tree",
    True,
    "image",
    "",
    " whatrequires/=b ",
)
_MOUNT_IMAGE_UNMOUNT: Spec = (
    "mount",
    "image_unmount",
    True,
    "images*",
    "",
    " all/a=b force/f=b ",
)
_IMAGES_IMAGES: Spec = (
    "images",
    "images",
    True,
    "image?",
    "",
    " all/a=b digests/=b filter/f=l format/=s history/=b no-trunc/=b noheading/n=b quiet/q=b sort/=s ",
)
_IMAGE_IMPORT: Spec = (
    "image",
    "import_",
    True,
    "path reference?",
    "",
    " arch/=s change/c=a message/m=s os/=s quiet/q=b variant/=s ",
)
_INFO_INFO: Spec = (
    "info",
    "info",
    True,
    "",
    "",
    " format/f=s ",
)
_INIT_INIT: Spec = (
    "init",
    "init",
    True,
    "containers*",
    "",
    " all/a=b latest/l=b ",
)
_INSPECT_INSPECT: Spec = (
    "inspect",
    "inspect",
    True,
    "names*",
    "",
    " format/f=s latest/l=b size/s=b type/t=s ",
)
_KILL_KILL: Spec = (
    "kill",
    "kill",
    True,
    "containers*",
    "",
    " all/a=b cidfile/=a latest/l=b signal/s=s ",
)
_IMAGE_LOAD: Spec = (
    "image",
    "load",
    True,
    "",
    "",
    " input/i=s quiet/q=b ",
)
_LOGIN_LOGIN: Spec = (
    "login",
    "login",
    True,
    "registry?",
    "",
    " authfile/=s cert-dir/=s get-login/=b password/p=s password-stdin/=b tls-verify/=b username/u=s "
    "verbose/v=b ",
)
_LOGIN_LOGOUT: Spec = (
    "login",
    "logout",
    True,
    "registry?",
    "",
    " all/a=b authfile/=s ",
)
_LOGS_LOGS: Spec = (
    "logs",
    "logs",
    True,
    "containers*",
    "",
    " color/=b follow/f=b latest/l=b names/n=b since/=s tail/=i timestamps/t=b until/=s ",
)
_MOUNT_MOUNT: Spec = (
    "mount",
    "mount",
    True,
    "containers*",
    "",
    " all/a=b format/=s latest/l=b no-trunc/=b notruncate/=>no-trunc ",
)
_PAUSE_PAUSE: Spec = (
    "pause",
    "pause",
    True,
    "containers*",
    "",
    " all/a=b cidfile/=a filter/f=l latest/l=b ",
)
_POD_CREATE: Spec = (
    "pod",
    "create",
    True,
    "pod?",
    "",
    " add-host/=l blkio-weight/=s blkio-weight-device/=l cgroup-parent/=s cpu-period/=u cpu-quota/=i "
    "cpu-rt-period/=u~ cpu-rt-runtime/=i~ cpu-shares/c=u cpus/=f cpuset-cpus/=s cpuset-mems/=s "
    "device/=l device-read-bps/=l device-read-iops/=l device-write-bps/=l device-write-iops/=l dns/=l "
    "dns-option/=l dns-opt/=>dns-option dns-search/=l exit-policy/=s gidmap/=l gpus/=s hostname/h=s "
    "hosts-file/=s infra/=B infra-command/=s~ infra-conmon-pidfile/=s infra-image/=s~ infra-name/=s "
    "ip/=s- ip6/=s- label/l=a label-file/=a mac-address/=s- memory/m=s memory-reservation/=s "
    "memory-swap/=s memory-swappiness/=i~ name/n=s network/=a net/=>network network-alias/=l- "
    "no-hostname/=b no-hosts/=b pid/=s pod-id-file/=s publish/p=l replace/=b restart/=s-no "
    "security-opt/=a share/=s share-parent/=B shm-size/=s shm-size-systemd/=s subgidname/=s "
    "subuidname/=s sysctl/=l uidmap/=l userns/=s uts/=s volume/v=a volumes-from/=a ",
)
_POD_EXISTS: Spec = (
    "pod",
    "exists",
    True,
    "pod",
    "",
    "",
)
_PODVIEW_INSPECT: Spec = (
    "podview",
    "inspect",
    True,
    "pods*",
    "",
    " format/f=s latest/l=b ",
)
_POD_KILL: Spec = (
    "pod",
    "kill",
    True,
    "pods*",
    "",
    " all/a=b latest/l=b signal/s=s ",
)
_PODLOGS_LOGS: Spec = (
    "podlogs",
    "logs",
    True,
    "pod?",
    "",
    " color/=b container/c=s follow/f=b latest/l=b names/n=b since/=s tail/=i timestamps/t=b until/=s "
    "",
)
_POD_PAUSE: Spec = (
    "pod",
    "pause",
    True,
    "pods*",
    "",
    " all/a=b latest/l=b ",
)
_POD_PRUNE: Spec = (
    "pod",
    "prune",
    True,
    "",
    "",
    " force/f=b ",
)
_PODVIEW_PS: Spec = (
    "podview",
    "ps",
    True,
    "",
    "",
    " ctr-ids/=b ctr-names/=b ctr-status/=b filter/f=l format/=s latest/l=b no-trunc/=b noheading/n=b "
    "ns/=b quiet/q=b sort/=k(created,id,name,number,status) ",
)
_POD_RESTART: Spec = (
    "pod",
    "restart",
    True,
    "pods*",
    "",
    " all/a=b latest/l=b ",
)
_POD_REVIVE: Spec = (
    "pod",
    "revive",
    True,
    "pod",
    "",
    "",
)
_POD_RM: Spec = (
    "pod",
    "rm",
    True,
    "pods*",
    "",
    " all/a=b force/f=b ignore/i=b latest/l=b pod-id-file/=a time/t=u timeout/=>time ",
)
_POD_SETTLE: Spec = (
    "pod",
    "settle",
    True,
    "pod",
    "",
    "",
)
_POD_START: Spec = (
    "pod",
    "start",
    True,
    "pods*",
    "",
    " all/a=b latest/l=b pod-id-file/=a ",
)
_PODVIEW_STATS: Spec = (
    "podview",
    "stats",
    True,
    "pods*",
    "",
    " all/a=b format/=s latest/l=b no-reset/=b no-stream/=b ",
)
_POD_STOP: Spec = (
    "pod",
    "stop",
    True,
    "pods*",
    "",
    " all/a=b ignore/i=b latest/l=b pod-id-file/=a time/t=u timeout/=>time ",
)
_PODVIEW_TOP: Spec = (
    "podview",
    "top",
    True,
    "words*",
    "",
    " latest/l=b ",
)
_POD_UNPAUSE: Spec = (
    "pod",
    "unpause",
    True,
    "pods*",
    "",
    " all/a=b latest/l=b ",
)
_PORT_PORT: Spec = (
    "port",
    "port",
    True,
    "words*",
    "",
    " all/a=b latest/l=b publish/p=l ",
)
_PS_PS: Spec = (
    "ps",
    "ps",
    True,
    "",
    "",
    " all/a=b external/=b filter/f=l format/=s last/n=i latest/l=b no-trunc/=b noheading/=b ns/=b "
    "pod/p=b quiet/q=b size/s=b sort/=k(command,created,id,image,names,runningfor,size,status) "
    "sync/=b watch/w=u ",
)
_PULL_PULL: Spec = (
    "pull",
    "pull",
    True,
    "images*",
    "",
    " all-tags/a=b arch/=s authfile/=s cert-dir/=s creds/=s decryption-key/=a- "
    "disable-content-trust/=b~ os/=s platform/=s policy/=s quiet/q=b retry/=u retry-delay/=s "
    "tls-verify/=b variant/=s ",
)
_PUSH_PUSH: Spec = (
    "push",
    "push",
    True,
    "image destination?",
    "",
    " authfile/=s cert-dir/=s compress/=b- compression-format/=s creds/=s digestfile/=s "
    "disable-content-trust/=b~ format/f=s quiet/q=b remove-signatures/=b~ retry/=u retry-delay/=s "
    "sign-by/=s- tls-verify/=b ",
)
_RENAME_RENAME: Spec = (
    "rename",
    "rename",
    True,
    "container name",
    "",
    "",
)
_RESTART_RESTART: Spec = (
    "restart",
    "restart",
    True,
    "containers*",
    "",
    " all/a=b cidfile/=a filter/f=l latest/l=b running/=b time/t=u timeout/=>time ",
)
_RM_RM: Spec = (
    "rm",
    "rm",
    True,
    "containers*",
    "",
    " all/a=b cidfile/=a depend/=b filter/=l force/f=b ignore/i=b latest/l=b time/t=u timeout/=>time "
    "volumes/v=b ",
)
_RMI_RMI: Spec = (
    "rmi",
    "rmi",
    True,
    "images*",
    "",
    " all/a=b force/f=b ignore/i=b no-prune/=b ",
)
_RUN_RUN: Spec = (
    "run",
    "run",
    False,
    "image command*",
    "",
    " add-host/=l annotation/=a arch/=s attach/a=l authfile/=s blkio-weight/=s blkio-weight-device/=l "
    "cap-add/=l cap-drop/=l cert-dir/=s cgroup-conf/=l cgroup-parent/=s cgroupns/=s cgroups/=s "
    "chrootdirs/=l cidfile/=s conmon-pidfile/=s cpu-period/=u cpu-quota/=i cpu-rt-period/=u~ "
    "cpu-rt-runtime/=i~ cpu-shares/c=u cpus/=f cpuset-cpus/=s cpuset-mems/=s creds/=s "
    "decryption-key/=l- detach/d=b detach-keys/=s device/=l device-cgroup-rule/=l- device-read-bps/=l "
    "device-read-iops/=l device-write-bps/=l device-write-iops/=l disable-content-trust/=b~ dns/=l "
    "dns-option/=l dns-opt/=>dns-option dns-search/=l entrypoint/=s env/e=a env-file/=a env-host/=b "
    "env-merge/=a expose/=l gidmap/=l gpus/=s group-add/=l group-entry/=s health-cmd/=s-none "
    "healthcheck-command/=>health-cmd health-interval/=s- healthcheck-interval/=>health-interval "
    "health-log-destination/=s- health-max-log-count/=u- health-max-log-size/=u- "
    "health-on-failure/=s-none health-retries/=u- healthcheck-retries/=>health-retries "
    "health-start-period/=s- healthcheck-start-period/=>health-start-period health-startup-cmd/=s- "
    "health-startup-interval/=s- health-startup-retries/=u- health-startup-success/=u- "
    "health-startup-timeout/=s- health-timeout/=s- healthcheck-timeout/=>health-timeout hostname/h=s "
    "hosts-file/=s hostuser/=l http-proxy/=B image-volume/=s init/=b init-path/=s interactive/i=b "
    "ip/=s- ip6/=s- ipc/=s label/l=a label-file/=a link-local-ip/=l- log-driver/=s log-opt/=l "
    "mac-address/=s- memory/m=s memory-reservation/=s memory-swap/=s memory-swappiness/=i~ mount/=a "
    "name/=s network/=a net/=>network network-alias/=l- no-healthcheck/=b no-hostname/=b no-hosts/=b "
    "oom-kill-disable/=b~ oom-score-adj/=i os/=s passwd/=B passwd-entry/=s personality/=s- pid/=s "
    "pidfile/=s pids-limit/=i platform/=s pod/=s pod-id-file/=s preserve-fd/=l preserve-fds/=u "
    "privileged/=b publish/p=l publish-all/P=b pull/=s quiet/q=b rdt-class/=s- read-only/=b "
    "read-only-tmpfs/=B replace/=b requires/=l restart/=s retry/=u retry-delay/=s rm/=b rmi/=b "
    "rootfs/=b sdnotify/=s-ignore seccomp-policy/=s-default secret/=a security-opt/=a shm-size/=s "
    "shm-size-systemd/=s sig-proxy/=B stop-signal/=s stop-timeout/=u subgidname/=s subuidname/=s "
    "sysctl/=l systemd/=s timeout/=u tls-verify/=B tmpfs/=a tty/t=b tz/=s uidmap/=l ulimit/=l "
    "umask/=s unsetenv/=a unsetenv-all/=b user/u=s userns/=s uts/=s variant/=s volume/v=a "
    "volumes-from/=a workdir/w=s ",
)
_SAVE_SAVE: Spec = (
    "save",
    "save",
    True,
    "images*",
    "",
    " compress/=b- format/=s multi-image-archive/m=b output/o=s quiet/q=b uncompressed/=b~ ",
)
_SECRET_CREATE: Spec = (
    "secret",
    "create",
    True,
    "name source",
    "",
    " driver/d=s driver-opts/=l env/=b ignore/=b label/l=a replace/=b ",
)
_SECRET_EXISTS: Spec = (
    "secret",
    "exists",
    True,
    "secret",
    "",
    "",
)
_SECRET_INSPECT: Spec = (
    "secret",
    "inspect",
    True,
    "secrets*",
    "",
    " format/f=s pretty/=b showsecret/=b ",
)
_SECRET_LS: Spec = (
    "secret",
    "ls",
    True,
    "",
    "",
    " filter/f=l format/=s noheading/=b n/=>noheading quiet/q=b ",
)
_SECRET_RM: Spec = (
    "secret",
    "rm",
    True,
    "secrets*",
    "",
    " all/a=b ignore/i=b ",
)
_START_START: Spec = (
    "start",
    "start",
    True,
    "containers*",
    "",
    " all/=b attach/a=b detach-keys/=s filter/f=l interactive/i=b latest/l=b sig-proxy/=B ",
)
_STATS_STATS: Spec = (
    "stats",
    "stats",
    True,
    "containers*",
    "",
    " all/a=b format/=s interval/i=i latest/l=b no-reset/=b no-stream/=b no-trunc/=b ",
)
_STOP_STOP: Spec = (
    "stop",
    "stop",
    True,
    "containers*",
    "",
    " all/a=b cidfile/=a filter/f=l ignore/i=b latest/l=b time/t=u timeout/=>time ",
)
_SYSTEM_CHECK: Spec = (
    "system",
    "check",
    True,
    "",
    "",
    " force/f=b max/m=s quick/q=b repair/r=b ",
)
_SYSTEM_DF: Spec = (
    "system",
    "df",
    True,
    "",
    "",
    " format/=s verbose/v=b ",
)
_SYSTEM_PRUNE: Spec = (
    "system",
    "prune",
    True,
    "",
    "",
    " all/a=b filter/=a force/f=b volumes/=b ",
)
_SYSTEM_RESET: Spec = (
    "system",
    "reset",
    True,
    "",
    "",
    " force/f=b ",
)
_TAG_TAG: Spec = (
    "tag",
    "tag",
    True,
    "image targets*",
    "",
    "",
)
_TOP_TOP: Spec = (
    "top",
    "top",
    False,
    "words*",
    "",
    " latest/l=b list-descriptors/=b ",
)
_MOUNT_UNMOUNT: Spec = (
    "mount",
    "unmount",
    True,
    "containers*",
    "",
    " all/a=b force/f=b latest/l=b ",
)
_PAUSE_UNPAUSE: Spec = (
    "pause",
    "unpause",
    True,
    "containers*",
    "",
    " all/a=b cidfile/=a filter/f=l latest/l=b ",
)
_UNSHARE_UNSHARE: Spec = (
    "unshare",
    "unshare",
    False,
    "command*",
    "",
    " rootless-netns/=b- ",
)
_TAG_UNTAG: Spec = (
    "tag",
    "untag",
    True,
    "image names*",
    "",
    "",
)
_UPDATE_UPDATE: Spec = (
    "update",
    "update",
    True,
    "container?",
    "",
    " blkio-weight/=s blkio-weight-device/=l cpu-period/=u cpu-quota/=i cpu-rt-period/=u~ "
    "cpu-rt-runtime/=i~ cpu-shares/c=u cpus/=f cpuset-cpus/=s cpuset-mems/=s device-read-bps/=l "
    "device-read-iops/=l device-write-bps/=l device-write-iops/=l env/e=a latest/l=b memory/m=s "
    "memory-reservation/=s memory-swap/=s memory-swappiness/=i~ pids-limit/=i restart/=s unsetenv/=l ",
)
_VERSION_VERSION: Spec = (
    "version",
    "version",
    True,
    "",
    "",
    " format/f=s ",
)
_VOLUME_CREATE: Spec = (
    "volume",
    "create",
    True,
    "name?",
    "",
    " driver/d=s gid/=i ignore/=b label/l=a opt/o=a uid/=i ",
)
_VOLUME_EXISTS: Spec = (
    "volume",
    "exists",
    True,
    "volume",
    "",
    "",
)
_VOLUME_EXPORT: Spec = (
    "volume",
    "export",
    True,
    "volume",
    "",
    " output/o=s ",
)
_VOLUME_IMPORT: Spec = (
    "volume",
    "import_",
    True,
    "volume source",
    "",
    "",
)
_VOLUME_INSPECT: Spec = (
    "volume",
    "inspect",
    True,
    "volumes*",
    "",
    " all/a=b format/f=s ",
)
_VOLUME_LS: Spec = (
    "volume",
    "ls",
    True,
    "",
    "",
    " filter/f=l format/=s noheading/n=b quiet/q=b ",
)
_VOLUME_MOUNT: Spec = (
    "volume",
    "mount",
    True,
    "volumes*",
    "",
    "",
)
_VOLUME_PRUNE: Spec = (
    "volume",
    "prune",
    True,
    "",
    "",
    " filter/=a force/f=b ",
)
_VOLUME_RM: Spec = (
    "volume",
    "rm",
    True,
    "volumes*",
    "",
    " all/a=b force/f=b time/t=u timeout/=>time ",
)
_VOLUME_UNMOUNT: Spec = (
    "volume",
    "unmount",
    True,
    "volumes*",
    "",
    "",
)
_WAIT_WAIT: Spec = (
    "wait",
    "wait",
    True,
    "containers*",
    "",
    " condition/=l exit-first-match/=b ignore/=b interval/i=s latest/l=b ",
)
COMMANDS: dict[str, Spec] = {
    "attach": _ATTACH_ATTACH,
    "commit": _COMMIT_COMMIT,
    "completion": _COMPLETION_COMPLETION,
    "container attach": _ATTACH_ATTACH,
    "container cleanup": _CONTAINER_CLEANUP,
    "container clone": _CLONE_CLONE,
    "container commit": _COMMIT_COMMIT,
    "container cp": _CP_CP,
    "container create": _CREATE_CREATE,
    "container diff": _DIFF_CONTAINER_DIFF,
    "container exec": _EXEC_EXEC,
    "container exists": _CONTAINER_EXISTS,
    "container export": _EXPORT_EXPORT,
    "container init": _INIT_INIT,
    "container inspect": _INSPECT_CONTAINER_INSPECT,
    "container kill": _KILL_KILL,
    "container list": _PS_PS,
    "container logs": _LOGS_LOGS,
    "container mount": _MOUNT_MOUNT,
    "container pause": _PAUSE_PAUSE,
    "container port": _PORT_PORT,
    "container prune": _CONTAINER_PRUNE,
    "container ps": _PS_PS,
    "container rename": _RENAME_RENAME,
    "container restart": _RESTART_RESTART,
    "container rm": _RM_RM,
    "container run": _RUN_RUN,
    "container start": _START_START,
    "container stats": _STATS_STATS,
    "container stop": _STOP_STOP,
    "container top": _TOP_TOP,
    "container unmount": _MOUNT_UNMOUNT,
    "container unpause": _PAUSE_UNPAUSE,
    "container update": _UPDATE_UPDATE,
    "container wait": _WAIT_WAIT,
    "cp": _CP_CP,
    "create": _CREATE_CREATE,
    "diff": _DIFF_DIFF,
    "events": _EVENTS_EVENTS,
    "exec": _EXEC_EXEC,
    "export": _EXPORT_EXPORT,
    "help": _HELP_HELP,
    "history": _HISTORY_HISTORY,
    "image diff": _DIFF_IMAGE_DIFF,
    "image exists": _IMAGE_EXISTS,
    "image history": _HISTORY_HISTORY,
    "image import": _IMAGE_IMPORT,
    "image inspect": _INSPECT_IMAGE_INSPECT,
    "image list": _IMAGES_IMAGES,
    "image load": _IMAGE_LOAD,
    "image mount": _MOUNT_IMAGE_MOUNT,
    "image prune": _IMAGE_PRUNE_PRUNE,
    "image pull": _PULL_PULL,
    "image push": _PUSH_PUSH,
    "image rm": _RMI_RMI,
    "image save": _SAVE_SAVE,
    "image tag": _TAG_TAG,
    "image tree": _HISTORY_TREE,
    "image unmount": _MOUNT_IMAGE_UNMOUNT,
    "image untag": _TAG_UNTAG,
    "images": _IMAGES_IMAGES,
    "import": _IMAGE_IMPORT,
    "info": _INFO_INFO,
    "init": _INIT_INIT,
    "inspect": _INSPECT_INSPECT,
    "kill": _KILL_KILL,
    "load": _IMAGE_LOAD,
    "login": _LOGIN_LOGIN,
    "logout": _LOGIN_LOGOUT,
    "logs": _LOGS_LOGS,
    "mount": _MOUNT_MOUNT,
    "pause": _PAUSE_PAUSE,
    "pod create": _POD_CREATE,
    "pod exists": _POD_EXISTS,
    "pod inspect": _PODVIEW_INSPECT,
    "pod kill": _POD_KILL,
    "pod logs": _PODLOGS_LOGS,
    "pod pause": _POD_PAUSE,
    "pod prune": _POD_PRUNE,
    "pod ps": _PODVIEW_PS,
    "pod restart": _POD_RESTART,
    "pod revive": _POD_REVIVE,
    "pod rm": _POD_RM,
    "pod settle": _POD_SETTLE,
    "pod start": _POD_START,
    "pod stats": _PODVIEW_STATS,
    "pod stop": _POD_STOP,
    "pod top": _PODVIEW_TOP,
    "pod unpause": _POD_UNPAUSE,
    "port": _PORT_PORT,
    "ps": _PS_PS,
    "pull": _PULL_PULL,
    "push": _PUSH_PUSH,
    "rename": _RENAME_RENAME,
    "restart": _RESTART_RESTART,
    "rm": _RM_RM,
    "rmi": _RMI_RMI,
    "run": _RUN_RUN,
    "save": _SAVE_SAVE,
    "secret create": _SECRET_CREATE,
    "secret exists": _SECRET_EXISTS,
    "secret inspect": _SECRET_INSPECT,
    "secret ls": _SECRET_LS,
    "secret rm": _SECRET_RM,
    "start": _START_START,
    "stats": _STATS_STATS,
    "stop": _STOP_STOP,
    "system check": _SYSTEM_CHECK,
    "system df": _SYSTEM_DF,
    "system events": _EVENTS_EVENTS,
    "system info": _INFO_INFO,
    "system prune": _SYSTEM_PRUNE,
    "system reset": _SYSTEM_RESET,
    "tag": _TAG_TAG,
    "top": _TOP_TOP,
    "unmount": _MOUNT_UNMOUNT,
    "unpause": _PAUSE_UNPAUSE,
    "unshare": _UNSHARE_UNSHARE,
    "untag": _TAG_UNTAG,
    "update": _UPDATE_UPDATE,
    "version": _VERSION_VERSION,
    "volume create": _VOLUME_CREATE,
    "volume exists": _VOLUME_EXISTS,
    "volume export": _VOLUME_EXPORT,
    "volume import": _VOLUME_IMPORT,
    "volume inspect": _VOLUME_INSPECT,
    "volume ls": _VOLUME_LS,
    "volume mount": _VOLUME_MOUNT,
    "volume prune": _VOLUME_PRUNE,
    "volume rm": _VOLUME_RM,
    "volume unmount": _VOLUME_UNMOUNT,
    "wait": _WAIT_WAIT,
}
ALIASES = {
    "container ls": "container list",
    "container umount": "container unmount",
    "generate kube": "kube generate",
    "image build": "build",
    "image ls": "image list",
    "image search": "search",
    "image umount": "image unmount",
    "network list": "network ls",
    "network remove": "network rm",
    "play kube": "kube play",
    "pod list": "pod ps",
    "pod ls": "pod ps",
    "pod remove": "pod rm",
    "secret list": "secret ls",
    "secret remove": "secret rm",
    "system connection ls": "system connection list",
    "system connection mv": "system connection rename",
    "system connection rm": "system connection remove",
    "umount": "unmount",
    "volume list": "volume ls",
    "volume remove": "volume rm",
}
GROUPS = {
    "artifact": "Manage OCI artifacts",
    "container": "Manage containers",
    "generate": "Write unit files and other descriptions of containers, pods and volumes",
    "healthcheck": "Manage the health checks of containers",
    "image": "Manage images",
    "kube": "Run containers, pods and volumes from Kubernetes YAML",
    "manifest": "Manage manifest lists and image indexes",
    "network": "Manage networks",
    "pod": "Manage pods",
    "quadlet": "Manage Quadlet files",
    "secret": "Manage secrets",
    "system": "Manage the engine itself",
    "system connection": "Manage connections to other machines",
    "volume": "Manage volumes",
}
MISSING = {
    "artifact add": "",
    "artifact extract": "",
    "artifact inspect": "",
    "artifact ls": "",
    "artifact pull": "",
    "artifact push": "",
    "artifact rm": "",
    "auto-update": "",
    "build": "make an image with \"pypod import\" or \"pypod load\" meanwhile",
    "compose": "",
    "container checkpoint": (
        "writing processes to disk needs root; \"pypod commit\" keeps the files, \"pypod pause\" the "
        "processes"
    ),
    "container restore": (
        "writing processes to disk needs root; \"pypod commit\" keeps the files, \"pypod pause\" the "
        "processes"
    ),
    "container runlabel": "",
    "generate spec": "",
    "generate systemd": "",
    "healthcheck run": "",
    "image scp": "",
    "image sign": "",
    "image trust": "",
    "kube apply": "",
    "kube down": "",
    "kube generate": "",
    "kube play": "",
    "manifest add": "",
    "manifest annotate": "",
    "manifest create": "",
    "manifest exists": "",
    "manifest inspect": "",
    "manifest push": "",
    "manifest remove": "",
    "manifest rm": "",
    "network connect": "",
    "network create": "",
    "network disconnect": "",
    "network exists": "",
    "network inspect": "",
    "network ls": "",
    "network prune": "",
    "network reload": "",
    "network rm": "",
    "network update": "",
    "pod clone": "",
    "podmansh": "",
    "quadlet install": "",
    "quadlet list": "",
    "quadlet print": "",
    "quadlet rm": "",
    "remote": "",
    "search": "",
    "system connection add": "",
    "system connection default": "",
    "system connection list": "",
    "system connection remove": "",
    "system connection rename": "",
    "system migrate": "",
    "system renumber": "",
    "system service": "",
    "volume reload": "",
}
REASONS = {
    "clone:clone cpu-rt-period": "it is of cgroup v1 only",
    "clone:clone cpu-rt-runtime": "it is of cgroup v1 only",
    "clone:clone memory-swappiness": "it is of cgroup v1 only",
    "conmon": "pypod has its own monitor",
    "connection": "pypod works on this machine only; use ssh to run it on another",
    "container:exists external": "the store has containers of this engine only",
    "create:create cpu-rt-period": "it is of cgroup v1 only",
    "create:create cpu-rt-runtime": "it is of cgroup v1 only",
    "create:create device-cgroup-rule": "an unprivileged user cannot give device rights",
    "create:create disable-content-trust": "there is no content trust to disable",
    "create:create memory-swappiness": "it is of cgroup v1 only",
    "create:create oom-kill-disable": "it is of cgroup v1 only",
    "db-backend": "the database is SQLite",
    "exec:exec_ no-session": "a session in the foreground has no record anyway",
    "identity": "pypod works on this machine only; use ssh to run it on another",
    "image_prune:prune build-cache": "there is none",
    "image_prune:prune external": "there are no such containers",
    "images:images all": "there are no intermediate images",
    "pod:create cpu-rt-period": "it is of cgroup v1 only",
    "pod:create cpu-rt-runtime": "it is of cgroup v1 only",
    "pod:create infra-command": "the infra container runs a small init, or nothing",
    "pod:create infra-image": "the infra container needs no image",
    "pod:create memory-swappiness": "it is of cgroup v1 only",
    "pod:create share-parent": "the containers of a pod are always below its cgroup",
    "ps:ps external": "the store has containers of this engine only",
    "ps:ps sync": "the state shown is always the true one",
    "pull:pull disable-content-trust": "it is an option of Docker",
    "push:push disable-content-trust": "it is an option of Docker",
    "push:push remove-signatures": "signatures are not kept",
    "remote": "pypod works on this machine only; use ssh to run it on another",
    "rmi:rmi no-prune": "there are no intermediate images to keep",
    "run:run cpu-rt-period": "it is of cgroup v1 only",
    "run:run cpu-rt-runtime": "it is of cgroup v1 only",
    "run:run device-cgroup-rule": "an unprivileged user cannot give device rights",
    "run:run disable-content-trust": "there is no content trust to disable",
    "run:run memory-swappiness": "it is of cgroup v1 only",
    "run:run oom-kill-disable": "it is of cgroup v1 only",
    "save:save uncompressed": "layers are saved as they are kept",
    "ssh": "pypod works on this machine only; use ssh to run it on another",
    "tmpdir": "nothing is kept there; use --runroot",
    "update:update cpu-rt-period": "it is of cgroup v1 only",
    "update:update cpu-rt-runtime": "it is of cgroup v1 only",
    "update:update memory-swappiness": "it is of cgroup v1 only",
    "url": "pypod works on this machine only; use ssh to run it on another",
    "wait:wait interval": "the wait ends at the very moment",
}
