"""Owns: texts of commands, options. Written by `python -m pypod.cli.compile`; do not edit.

OPTIONS: a line for each option: name, kind of value, help. ARGUMENTS: the kinds of the arguments, in order.
"""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
COMMANDS = {
    "attach": "Attach to a running container",
    "commit": "Make an image of a container",
    "completion": "Print the script that completes commands in a shell",
    "container": "Manage containers",
    "container attach": "Attach to a running container",
    "container cleanup": "Clean up what a container that has ended left behind",
    "container clone": "Make a container with the settings of another one",
    "container commit": "Make an image of a container",
    "container cp": "Copy files between a container and the host, or between containers",
    "container create": "Create a container without starting it",
    "container diff": "Show what a container has changed in its files",
    "container exec": "Run a command in a running container",
    "container exists": "Tell by the exit code whether a container exists",
    "container export": "Write the files of a container as a tar archive",
    "container init": "Prepare containers for their start: mounts, network and the process that waits",
    "container inspect": "Show all about containers",
    "container kill": "Send a signal to the first process of running containers",
    "container list": "List containers",
    "container logs": "Print what containers have written",
    "container mount": (
        "Mount the root file systems of containers, and print where; without a name print what is "
        "mounted"
    ),
    "container pause": "Pause all processes of running containers",
    "container port": (
        "Show which ports of the host lead to a container or a pod, or change that while it runs"
    ),
    "container prune": "Remove the containers that do not run",
    "container ps": "List containers",
    "container rename": "Give a container another name",
    "container restart": "Stop containers and start them again",
    "container rm": "Remove containers",
    "container run": "Run a command in a new container",
    "container start": "Start containers that were created or have ended",
    "container stats": "Show what containers use of processor, memory, network and disk",
    "container stop": "Stop running containers",
    "container top": "Show the processes of a running container",
    "container unmount": "Unmount the root file systems of containers that `mount` has mounted",
    "container unpause": "Let paused containers go on",
    "container update": "Change the limits of a container",
    "container wait": "Wait until containers have ended, and print their exit codes",
    "cp": "Copy files between a container and the host, or between containers",
    "create": "Create a container without starting it",
    "diff": "Show what a container has changed in its files, or an image in its last layer",
    "events": "Show what happens to containers, pods, images and volumes",
    "exec": "Run a command in a running container",
    "export": "Write the files of a container as a tar archive",
    "help": "Show the help of a command",
    "history": "Show how an image was made: its steps, the last one first",
    "image": "Manage images",
    "image diff": "Show what the last layer of an image has changed",
    "image exists": "Tell by the exit code whether an image exists",
    "image history": "Show how an image was made: its steps, the last one first",
    "image import": "Make an image from a tar archive of a root file system",
    "image inspect": "Show all about images",
    "image list": "List the images of the store",
    "image load": "Load images from an archive",
    "image mount": "Mount images read-only, and print where; without a name print what is mounted",
    "image prune": "Remove images that nobody needs",
    "image pull": "Pull images from a registry",
    "image push": "Push an image to a registry",
    "image rm": "Remove images from the store",
    "image save": "Save an image in an archive or a directory",
    "image tag": "Give an image more names",
    "image tree": "Show the layers of an image, and which images end at each",
    "image unmount": "Unmount images that `image mount` has mounted, in this `pypod unshare` alone",
    "image untag": "Take names from an image, all of them if none is given. The image stays",
    "images": "List the images of the store",
    "import": "Make an image from a tar archive of a root file system",
    "info": "Show facts about this machine, the store and the engine",
    "init": "Prepare containers for their start: mounts, network and the process that waits",
    "inspect": "Show all about containers, images and volumes",
    "kill": "Send a signal to the first process of running containers",
    "load": "Load images from an archive",
    "login": "Log in to a registry",
    "logout": "Log out of a registry: forget its credentials",
    "logs": "Print what containers have written",
    "mount": (
        "Mount the root file systems of containers, and print where; without a name print what is "
        "mounted"
    ),
    "pause": "Pause all processes of running containers",
    "pod": "Manage pods",
    "pod create": "Create a pod",
    "pod exists": "Say by the exit code whether a pod exists: 0 if it does, 1 if not",
    "pod inspect": "Show all about pods",
    "pod kill": "Send a signal to the first process of every container of pods",
    "pod logs": (
        "Print what the containers of a pod have written, each line with the name or id of its "
        "container"
    ),
    "pod pause": "Pause all containers of pods",
    "pod prune": "Remove the pods that have ended, with their containers",
    "pod ps": "List pods",
    "pod restart": "Stop the containers of pods, and start them again",
    "pod revive": (
        "Start what a pod shares again after its monitor was killed, in the namespaces that "
        "containers keep"
    ),
    "pod rm": "Remove pods with all their containers",
    "pod settle": "End what a pod shares when none of its containers runs and its exit policy is to stop",
    "pod start": "Start all containers of pods",
    "pod stats": "Show what the containers of pods use of processor, memory, network and disk",
    "pod stop": "Stop all containers of pods, at the same time",
    "pod top": "Show the processes of all containers of a pod. Descriptors are those of `top`",
    "pod unpause": "Let paused containers of pods go on",
    "port": "Show which ports of the host lead to a container or a pod, or change that while it runs",
    "ps": "List containers",
    "pull": "Pull images from a registry",
    "push": "Push an image to a registry",
    "rename": "Give a container another name",
    "restart": "Stop containers and start them again",
    "rm": "Remove containers",
    "rmi": "Remove images from the store",
    "run": "Run a command in a new container",
    "save": "Save an image in an archive or a directory",
    "secret": "Manage secrets",
    "secret create": "Keep a secret, and print its ID",
    "secret exists": "Say by the exit code whether a secret exists: 0 if it does, 1 if not",
    "secret inspect": "Show all about secrets, but not what they are",
    "secret ls": "List secrets",
    "secret rm": "Remove secrets",
    "start": "Start containers that were created or have ended",
    "stats": "Show what containers use of processor, memory, network and disk",
    "stop": "Stop running containers",
    "system": "Manage the engine itself",
    "system check": "Compare what is stored with its digests, and show what is damaged",
    "system df": "Show how much disk images, containers and volumes take, and how much of it can be had back",
    "system events": "Show what happens to containers, pods, images and volumes",
    "system info": "Show facts about this machine, the store and the engine",
    "system prune": "Remove what nobody needs: containers that do not run, images without a name",
    "system reset": "End all containers and remove everything: containers, images, volumes, the store itself",
    "tag": "Give an image more names",
    "top": "Show the processes of a running container",
    "unmount": "Unmount the root file systems of containers that `mount` has mounted",
    "unpause": "Let paused containers go on",
    "unshare": "Run a command in the user namespace of the containers",
    "untag": "Take names from an image, all of them if none is given. The image stays",
    "update": "Change the limits of a container",
    "version": "Show the version of the engine",
    "volume": "Manage volumes",
    "volume create": "Create a volume, and print its name",
    "volume exists": "Tell by the exit code whether a volume exists",
    "volume export": "Write the files of a volume as a tar archive",
    "volume import": "Unpack a tar archive into a volume",
    "volume inspect": "Show all about volumes",
    "volume ls": "List volumes",
    "volume mount": "Print where the files of volumes lie",
    "volume prune": "Remove the volumes that no container uses",
    "volume rm": "Remove volumes",
    "volume unmount": "Give up the use of what `volume mount` printed",
    "wait": "Wait until containers have ended, and print their exit codes",
}
ARGUMENTS = {
    "attach:attach": "running",
    "clone:clone": "containers - images",
    "commit:commit": "containers images",
    "completion:completion": "(bash,zsh,fish)",
    "container:cleanup": "containers",
    "container:exists": "containers",
    "container:prune": "",
    "cp:cp": "copies copies",
    "create:create": "images -",
    "diff:container_diff": "containers",
    "diff:diff": "objects",
    "diff:image_diff": "images",
    "events:events": "",
    "exec:exec_": "running commands",
    "export:export": "containers",
    "help:help_": "-",
    "history:history": "images",
    "history:tree": "images",
    "image:exists": "images",
    "image:import_": "files images",
    "image:load": "",
    "image_prune:prune": "",
    "images:images": "images",
    "info:info": "",
    "init:init": "containers",
    "inspect:container_inspect": "containers",
    "inspect:image_inspect": "images",
    "inspect:inspect": "objects",
    "kill:kill": "running",
    "login:login": "-",
    "login:logout": "-",
    "logs:logs": "containers",
    "mount:image_mount": "images",
    "mount:image_unmount": "images",
    "mount:mount": "containers",
    "mount:unmount": "containers",
    "pause:pause": "running",
    "pause:unpause": "running",
    "pod:create": "-",
    "pod:exists": "pods",
    "pod:kill": "pods",
    "pod:pause": "pods",
    "pod:prune": "",
    "pod:restart": "pods",
    "pod:revive": "pods",
    "pod:rm": "pods",
    "pod:settle": "pods",
    "pod:start": "pods",
    "pod:stop": "pods",
    "pod:unpause": "pods",
    "podlogs:logs": "pods",
    "podview:inspect": "pods",
    "podview:ps": "",
    "podview:stats": "pods",
    "podview:top": "pods",
    "port:port": "running",
    "ps:ps": "",
    "pull:pull": "-",
    "push:push": "images -",
    "rename:rename": "containers -",
    "restart:restart": "containers",
    "rm:rm": "containers",
    "rmi:rmi": "images",
    "run:run": "images -",
    "save:save": "images",
    "secret:create": "- files",
    "secret:exists": "secrets",
    "secret:inspect": "secrets",
    "secret:ls": "",
    "secret:rm": "secrets",
    "start:start": "containers",
    "stats:stats": "running",
    "stop:stop": "running",
    "system:check": "",
    "system:df": "",
    "system:prune": "",
    "system:reset": "",
    "tag:tag": "images -",
    "tag:untag": "images images",
    "top:top": "running",
    "unshare:unshare": "commands",
    "update:update": "containers",
    "version:version": "",
    "volume:create": "-",
    "volume:exists": "volumes",
    "volume:export": "volumes",
    "volume:import_": "volumes files",
    "volume:inspect": "volumes",
    "volume:ls": "",
    "volume:mount": "volumes",
    "volume:prune": "",
    "volume:rm": "volumes",
    "volume:unmount": "volumes",
    "wait:wait": "containers",
}
OPTIONS = {
    "": (
        "cdi-spec-dir\tdirs\tDirectory with CDI descriptions of devices\n"
        "cgroup-manager\t(cgroupfs,systemd,disabled)\tWho makes cgroups: cgroupfs, systemd or disabled; chosen...\n"
        "conmon\tfiles\tPath of conmon\n"
        "connection\t-\tConnection to another machine\n"
        "events-backend\t(file,none)\tWhere events are kept: file or none\n"
        "hooks-dir\tdirs\tDirectory with OCI hooks\n"
        "identity\tfiles\tKey file for a connection by ssh\n"
        "imagestore\tdirs\tKeep images in this directory, apart from containers\n"
        "log-level\t(debug,info,warn,error)\tPrint messages from this level on: debug, info, warn or e...\n"
        "module\tfiles\tRead this module of containers.conf as well\n"
        "network-cmd-path\tfiles\tPath of slirp4netns\n"
        "network-config-dir\tdirs\tDirectory with the configuration of networks\n"
        "noout\t-\tPrint nothing on stdout\n"
        "out\tfiles\tWrite what goes to stdout into this file\n"
        "remote\t-\tUse the engine of another machine\n"
        "root\tdirs\tDirectory of the store: images, containers, volumes\n"
        "runroot\tdirs\tDirectory for what need not survive a reboot\n"
        "runtime\t(crun,runc)\tOCI runtime: a name or a path\n"
        "runtime-flag\t-\tGlobal flag for the OCI runtime, without the dashes\n"
        "ssh\t-\tHow ssh is spoken\n"
        "storage-driver\t(overlay,fuse-overlayfs,vfs)\tDriver of new containers: overlay, fuse-overlayfs or vfs\n"
        "storage-opt\t-\tOption of the storage driver: overlay.mount_program=FILE\n"
        "syslog\t-\tSend messages to syslog as well\n"
        "tmpdir\tdirs\tDirectory for the engine's state\n"
        "transient-store\t-\tForget containers at reboot\n"
        "url\t-\tAddress of an engine on another machine\n"
        "version\t-\tPrint the version\n"
        "volumepath\tdirs\tDirectory of the volumes\n"
    ),
    "attach:attach": (
        "detach-keys\t-\tKeys that detach from the terminal\n"
        "latest\t-\tTake the container that was created last\n"
        "no-stdin\t-\tDo not pass on stdin\n"
        "sig-proxy\t-\tForward signals to the container's first process\n"
    ),
    "clone:clone": (
        "blkio-weight\t-\tRelative weight of block I/O, 10 to 1000\n"
        "blkio-weight-device\t-\tRelative weight of block I/O on one device\n"
        "cpu-period\t-\tLength of the CPU period in microseconds\n"
        "cpu-quota\t-\tCPU time in microseconds that the container gets in each...\n"
        "cpu-rt-period\t-\tReal-time CPU period in microseconds\n"
        "cpu-rt-runtime\t-\tReal-time CPU time in microseconds\n"
        "cpu-shares\t-\tRelative share of CPU time\n"
        "cpus\t-\tNumber of CPUs that the container may use, as in 1.5\n"
        "cpuset-cpus\t-\tCPUs on which the container may run, as in 0-3,5\n"
        "cpuset-mems\t-\tMemory nodes that the container may use, as in 0-1\n"
        "destroy\t-\tRemove the container that is cloned\n"
        "device-read-bps\t-\tLimit reads from a device in bytes per second\n"
        "device-read-iops\t-\tLimit reads from a device in operations per second\n"
        "device-write-bps\t-\tLimit writes to a device in bytes per second\n"
        "device-write-iops\t-\tLimit writes to a device in operations per second\n"
        "force\t-\tWith --destroy: also if it runs\n"
        "memory\t-\tLimit of memory, with a unit b, k, m or g\n"
        "memory-reservation\t-\tMemory below which the container is spared, with a unit b...\n"
        "memory-swap\t-\tLimit of memory and swap together; -1 = no limit\n"
        "memory-swappiness\t-\tSwappiness, 0 to 100\n"
        "name\t-\tName of the new container\n"
        "pod\t-\tPut the new container into this pod\n"
        "run\t-\tStart the new container\n"
    ),
    "commit:commit": (
        "author\t-\tAuthor of the image\n"
        "change\t-\tSet the image's CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBU...\n"
        "format\t(oci,docker)\toci or docker\n"
        "iidfile\tfiles\tWrite the image's ID to this file\n"
        "include-volumes\t-\tMake the container's volumes volumes of the image\n"
        "message\t-\tComment in the image's history (format docker only)\n"
        "pause\t-\tLet a running container stand still meanwhile\n"
        "quiet\t-\tPrint the image's ID only\n"
        "squash\t-\tMake an image of one layer\n"
    ),
    "completion:completion": (
        "file\tfiles\tWrite into this file instead of stdout\n"
        "no-desc\t-\tComplete without descriptions\n"
    ),
    "container:cleanup": (
        "all\t-\tClean up after all containers that do not run\n"
        "exec\t-\tClean up after this exec session instead\n"
        "latest\t-\tTake the container that was created last\n"
        "rm\t-\tRemove the container afterwards\n"
        "rmi\t-\tRemove the image afterwards\n"
        "stopped-only\t-\tLeave one alone that runs, or is not there, instead of fa...\n"
    ),
    "container:exists": (
        "external\t-\tLook at containers of other tools as well\n"
    ),
    "container:prune": (
        "filter\t-\tRemove only what fits: label, label!, until\n"
        "force\t-\tDo not ask\n"
    ),
    "cp:cp": (
        "archive\t-\tGive what goes into a container to the container's user\n"
        "overwrite\t-\tLet a file take the place of a directory, and the other w...\n"
    ),
    "create:create": (
        "add-host\t-\tAdd this line to /etc/hosts; IP may be host-gateway\n"
        "annotation\t-\tAdd an annotation to the container\n"
        "arch\t-\tChoose the image for this architecture instead of the mac...\n"
        "attach\t(stdin,stdout,stderr)\tAttach to stdin, stdout or stderr\n"
        "authfile\tfiles\tRead the credentials for registries from this file\n"
        "blkio-weight\t-\tRelative weight of block I/O, 10 to 1000\n"
        "blkio-weight-device\t-\tRelative weight of block I/O on one device\n"
        "cap-add\tcaps\tAdd a capability to the container's default set\n"
        "cap-drop\tcaps\tDrop a capability, or ALL\n"
        "cert-dir\tdirs\tRead the certificates for registries from this directory\n"
        "cgroup-conf\t-\tWrite a value into a file of the container's cgroup\n"
        "cgroup-parent\t-\tPut the container's cgroup below this one\n"
        "cgroupns\t(private,host)\tCgroup namespace: private, host, container:NAME or ns:PATH\n"
        "cgroups\t(enabled,disabled,no-conmon,split)\tUse of cgroups: enabled, disabled, no-conmon or split\n"
        "chrootdirs\t-\tDirectories inside the container that get the hosts, host...\n"
        "cidfile\tfiles\tWrite the container's ID into this file, which must not e...\n"
        "conmon-pidfile\tfiles\tWrite the pid of the container's monitor into this file\n"
        "cpu-period\t-\tLength of the CPU period in microseconds\n"
        "cpu-quota\t-\tCPU time in microseconds that the container gets in each...\n"
        "cpu-rt-period\t-\tReal-time CPU period in microseconds\n"
        "cpu-rt-runtime\t-\tReal-time CPU time in microseconds\n"
        "cpu-shares\t-\tRelative share of CPU time\n"
        "cpus\t-\tNumber of CPUs that the container may use, as in 1.5\n"
        "cpuset-cpus\t-\tCPUs on which the container may run, as in 0-3,5\n"
        "cpuset-mems\t-\tMemory nodes that the container may use, as in 0-1\n"
        "creds\t-\tCredentials for the registry\n"
        "decryption-key\t-\tKey to decrypt the image with\n"
        "device\tfiles\tGive the container a device of the host\n"
        "device-cgroup-rule\t-\tAdd a rule to the list of devices that the cgroup allows\n"
        "device-read-bps\t-\tLimit reads from a device in bytes per second\n"
        "device-read-iops\t-\tLimit reads from a device in operations per second\n"
        "device-write-bps\t-\tLimit writes to a device in bytes per second\n"
        "device-write-iops\t-\tLimit writes to a device in operations per second\n"
        "disable-content-trust\t-\tKnown from Docker; there is no content trust\n"
        "dns\t-\tUse this name server\n"
        "dns-option\t-\tAdd an option to resolv.conf\n"
        "dns-search\t-\tSearch names in this domain\n"
        "entrypoint\t-\tRun this instead of the image's entrypoint: a program, or...\n"
        "env\t-\tSet a variable; without a value it is taken from here, NA...\n"
        "env-file\tfiles\tRead variables from this file, one NAME=VALUE in a line\n"
        "env-host\t-\tPass the whole environment of the caller\n"
        "env-merge\t-\tSet a variable from the image's variables, as in PATH=${P...\n"
        "expose\t-\tNote that the container listens on this port or range\n"
        "gidmap\t-\tMap these group ids in a user namespace of its own\n"
        "gpus\t-\tGPUs to give to the container\n"
        "group-add\t-\tGive the process another group; keep-groups keeps those o...\n"
        "group-entry\t-\tTemplate of the line that is added to /etc/group\n"
        "health-cmd\t-\tCommand that tells whether the container is healthy; none...\n"
        "health-interval\t-\tTime between two health checks\n"
        "health-log-destination\t-\tWhere the log of the health checks goes\n"
        "health-max-log-count\t-\tNumber of entries in the log of the health checks\n"
        "health-max-log-size\t-\tLength of one entry in the log of the health checks\n"
        "health-on-failure\t-\tWhat to do when the container turns unhealthy: none, kill...\n"
        "health-retries\t-\tFailures in a row that make the container unhealthy\n"
        "health-start-period\t-\tTime to start up, in which failures do not count\n"
        "health-startup-cmd\t-\tCommand that tells whether the container has started up\n"
        "health-startup-interval\t-\tTime between two start-up checks\n"
        "health-startup-retries\t-\tFailed start-up checks after which the container is resta...\n"
        "health-startup-success\t-\tPassed start-up checks that end the start-up\n"
        "health-startup-timeout\t-\tTime in which a start-up check must end\n"
        "health-timeout\t-\tTime in which a health check must end\n"
        "hostname\t-\tHost name of the container\n"
        "hosts-file\tfiles\tBase file for /etc/hosts: a path, image or none\n"
        "hostuser\t-\tAdd this user of the host to the container's /etc/passwd\n"
        "http-proxy\t-\tPass the proxy variables of the caller\n"
        "image-volume\t(anonymous,bind,tmpfs,ignore)\tWhat becomes of the image's volumes: anonymous (or bind),...\n"
        "init\t-\tRun an init program as pid 1 that forwards signals and re...\n"
        "init-ctr\t(once,always)\tRun it to its end before the other containers of its pod...\n"
        "init-path\tfiles\tPath of the init program\n"
        "interactive\t-\tKeep stdin open\n"
        "ip\t-\tIPv4 address of the container in its network\n"
        "ip6\t-\tIPv6 address of the container in its network\n"
        "ipc\t(private,shareable,host,none)\tIPC namespace: private, shareable, host, none, container:...\n"
        "label\t-\tAdd a label\n"
        "label-file\tfiles\tRead labels from this file, one in a line\n"
        "link-local-ip\t-\tLink-local address of the container\n"
        "log-driver\t(k8s-file,json-file,journald,none,passthrough)\tHow output is kept: k8s-file, journald, none or passthrough\n"
        "log-opt\t-\tOption of the log driver: max-size, max-file, path, tag\n"
        "mac-address\t-\tMAC address of the container\n"
        "memory\t-\tLimit of memory, with a unit b, k, m or g\n"
        "memory-reservation\t-\tMemory below which the container is spared, with a unit b...\n"
        "memory-swap\t-\tLimit of memory and swap together; -1 = no limit\n"
        "memory-swappiness\t-\tSwappiness, 0 to 100\n"
        "mount\t-\tMount something: type=bind,src=DIR,dst=DIR, type=volume,...\n"
        "name\t-\tName of the container\n"
        "network\t(slirp4netns,none,host,private)\tNetwork: slirp4netns[:OPTIONS], none, host, private or co...\n"
        "network-alias\t-\tAnother name of the container in its network\n"
        "no-healthcheck\t-\tRun no health checks\n"
        "no-hostname\t-\tLeave the image's /etc/hostname alone\n"
        "no-hosts\t-\tLeave the image's /etc/hosts alone\n"
        "oom-kill-disable\t-\tDo not kill the container when memory runs out\n"
        "oom-score-adj\t-\tPreference of the kernel to kill the container when memor...\n"
        "os\t-\tChoose the image for this operating system\n"
        "passwd-entry\t-\tTemplate of the line that is added to /etc/passwd\n"
        "personality\t-\tExecution domain, as in LINUX32\n"
        "pid\t(private,host)\tPID namespace: private, host, container:NAME or ns:PATH\n"
        "pidfile\tfiles\tWrite the pid of the container's first process into this...\n"
        "pids-limit\t-\tLimit of processes; -1 = no limit\n"
        "platform\t-\tChoose the image for this platform\n"
        "pod\tpods\tRun the container in this pod\n"
        "pod-id-file\tfiles\tRead the pod's ID from this file\n"
        "privileged\t-\tGive the container all that the caller may do: capabiliti...\n"
        "publish\t-\tPublish a port or range of the container on the host\n"
        "publish-all\t-\tPublish all exposed ports on free ports of the host\n"
        "pull\t(always,missing,never,newer)\tWhen to pull the image: missing, always, never or newer\n"
        "quiet\t-\tPrint no progress of a pull\n"
        "rdt-class\t-\tClass of service of Intel RDT\n"
        "read-only\t-\tMake the container's root file system read-only\n"
        "read-only-tmpfs\t-\tWith --read-only, mount a tmpfs on /run, /tmp and /var/tmp\n"
        "replace\t-\tReplace the container that has the same name\n"
        "requires\tcontainers\tContainers that are started before this one\n"
        "restart\t(no,always,on-failure,unless-stopped)\tWhen to start the container again: no, always, on-failure...\n"
        "retry\t-\tHow often a failed pull is tried again\n"
        "retry-delay\t-\tPause before a failed pull is tried again\n"
        "rm\t-\tRemove the container when it has ended\n"
        "rootfs\t-\tThe first argument is the directory of a root file system...\n"
        "sdnotify\t-\tWho says to systemd that the unit is ready: container, co...\n"
        "seccomp-policy\t-\tHow the seccomp profile is chosen\n"
        "secret\tsecrets\tGive the container a secret\n"
        "security-opt\t-\tSecurity option: no-new-privileges, seccomp=FILE, mask=PA...\n"
        "shm-size\t-\tSize of /dev/shm, with a unit b, k, m or g\n"
        "shm-size-systemd\t-\tSize of the tmpfs file systems of systemd mode\n"
        "stop-signal\tsignals\tSignal that asks the container to stop\n"
        "stop-timeout\t-\tTime that a stop waits before it kills\n"
        "subgidname\t-\tTake the group ids of the user namespace from this entry...\n"
        "subuidname\t-\tTake the user ids of the user namespace from this entry o...\n"
        "sysctl\t-\tSet a kernel parameter of the container's namespaces\n"
        "systemd\t(true,false,always)\tPrepare the container for systemd as its init: true, fals...\n"
        "timeout\t-\tKill the container after this time\n"
        "tls-verify\t-\tAsk registries for a valid certificate\n"
        "tmpfs\t-\tMount a tmpfs\n"
        "tty\t-\tGive the container a terminal\n"
        "tz\t-\tTime zone of the container; local = that of the host\n"
        "uidmap\t-\tMap these user ids in a user namespace of its own\n"
        "ulimit\t-\tSet a resource limit; host keeps those of the caller\n"
        "umask\t-\tFile mode creation mask\n"
        "unsetenv\t-\tRemove a default variable\n"
        "unsetenv-all\t-\tRemove all default variables\n"
        "user\t-\tRun as this user, by name or number\n"
        "userns\t(host,keep-id,auto,nomap)\tUser namespace: host, keep-id, auto, nomap, container:NAM...\n"
        "uts\t(private,host)\tUTS namespace: private, host, container:NAME or ns:PATH\n"
        "variant\t-\tChoose the image for this variant of the architecture\n"
        "volume\tvolumes\tMount a directory of the host or a volume\n"
        "volumes-from\tcontainers\tMount what these containers mount\n"
        "workdir\t-\tDirectory in which the command starts\n"
    ),
    "diff:container_diff": (
        "format\t(json)\tPrint as json\n"
        "latest\t-\tTake the container that was created last\n"
    ),
    "diff:diff": (
        "format\t(json)\tPrint as json\n"
        "latest\t-\tTake the container that was created last\n"
    ),
    "diff:image_diff": (
        "format\t(json)\tPrint as json\n"
    ),
    "events:events": (
        "filter\t-\tShow only what fits: container, event, image, label, pod,...\n"
        "format\t(json)\tPrint as json or by a Go template\n"
        "no-trunc\t-\tShow whole ids\n"
        "since\t-\tShow what was since then: a moment, or 10m\n"
        "stream\t-\tGo on with what comes\n"
        "until\t-\tShow what was, or comes, until then\n"
    ),
    "exec:exec_": (
        "cidfile\tfiles\tRead the container's ID from this file\n"
        "detach\t-\tRun in the background and print the session's ID\n"
        "detach-keys\t-\tKeys that detach from the terminal\n"
        "env\t-\tSet a variable\n"
        "env-file\tfiles\tRead variables from this file\n"
        "interactive\t-\tKeep stdin open\n"
        "latest\t-\tTake the container that was created last\n"
        "no-session\t-\tKeep no record of the session\n"
        "preserve-fd\t-\tFile descriptors to pass into the container\n"
        "preserve-fds\t-\tPass this many file descriptors, from 3 on\n"
        "privileged\t-\tGive the process all capabilities\n"
        "tty\t-\tGive the process a terminal\n"
        "user\t-\tRun as this user, by name or number\n"
        "workdir\t-\tDirectory in which the command starts\n"
    ),
    "export:export": (
        "output\tfiles\tWrite to this file instead of stdout\n"
    ),
    "help:help_": "",
    "history:history": (
        "format\tformat\tPrint as json, or by a Go template\n"
        "human\t-\tShow sizes and times as people read them\n"
        "no-trunc\t-\tDo not shorten IDs and commands\n"
        "quiet\t-\tPrint IDs only\n"
    ),
    "history:tree": (
        "whatrequires\t-\tShow what is built on top of the image instead\n"
    ),
    "image:exists": "",
    "image:import_": (
        "arch\t-\tArchitecture of the image\n"
        "change\t-\tSet the image's CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBU...\n"
        "message\t-\tComment in the image's history\n"
        "os\t-\tOperating system of the image\n"
        "quiet\t-\tPrint the image's ID only\n"
        "variant\t-\tVariant of the architecture of the image\n"
    ),
    "image:load": (
        "input\tfiles\tRead the archive from this file instead of stdin\n"
        "quiet\t-\tPrint no progress\n"
    ),
    "image_prune:prune": (
        "all\t-\tRemove every image that no container uses, not only namel...\n"
        "build-cache\t-\tRemove the cache of builds\n"
        "external\t-\tRemove images that containers of builds use\n"
        "filter\t-\tRemove only what fits: label, label!, until\n"
        "force\t-\tDo not ask\n"
    ),
    "images:images": (
        "all\t-\tShow intermediate images too\n"
        "digests\t-\tShow the digests of the manifests\n"
        "filter\t-\tShow only what fits: reference, dangling, label, before,...\n"
        "format\tformat\tPrint as json, or by a Go template\n"
        "history\t-\tShow the names that the images have and had, the newest f...\n"
        "no-trunc\t-\tDo not shorten IDs\n"
        "noheading\t-\tPrint no column headings\n"
        "quiet\t-\tPrint IDs only\n"
        "sort\t(created,id,repository,size,tag)\tSort by created, id, repository, size or tag\n"
    ),
    "info:info": (
        "format\tformat\tPrint as json or by a Go template\n"
    ),
    "init:init": (
        "all\t-\tPrepare all containers that do not run\n"
        "latest\t-\tTake the container that was created last\n"
    ),
    "inspect:container_inspect": (
        "format\tformat\tPrint as json or by a Go template\n"
        "latest\t-\tTake the container that was created last\n"
        "size\t-\tShow the size as well\n"
    ),
    "inspect:image_inspect": (
        "format\tformat\tPrint as json or by a Go template\n"
    ),
    "inspect:inspect": (
        "format\tformat\tPrint as json or by a Go template\n"
        "latest\t-\tTake the container that was created last\n"
        "size\t-\tShow the size of containers too\n"
        "type\t(all,container,image,volume)\tKind of object: all, container, image, volume\n"
    ),
    "kill:kill": (
        "all\t-\tSignal all running containers\n"
        "cidfile\tfiles\tRead a container's ID from this file\n"
        "latest\t-\tTake the container that was created last\n"
        "signal\tsignals\tSignal to send, by name or number\n"
    ),
    "login:login": (
        "authfile\tfiles\tKeep the credentials in this file\n"
        "cert-dir\tdirs\tRead the certificates for the registry from this directory\n"
        "get-login\t-\tPrint the user that is logged in\n"
        "password\t-\tPassword; others can see it in ps\n"
        "password-stdin\t-\tRead the password from stdin\n"
        "tls-verify\t-\tAsk the registry for a valid certificate\n"
        "username\t-\tName of the user\n"
        "verbose\t-\tPrint where the credentials are kept\n"
    ),
    "login:logout": (
        "all\t-\tLog out of every registry\n"
        "authfile\tfiles\tFile that the credentials are in\n"
    ),
    "logs:logs": (
        "color\t-\tPrint each container in a colour of its own\n"
        "follow\t-\tPrint new lines as they come, until the container ends\n"
        "latest\t-\tTake the container that was created last\n"
        "names\t-\tOf several containers, print the name before each line, n...\n"
        "since\t-\tLines since this time: a timestamp, or a duration as in 10m\n"
        "tail\t-\tPrint the last N lines only; -1 = all\n"
        "timestamps\t-\tPrint the time before each line\n"
        "until\t-\tLines until this time: a timestamp, or a duration from no...\n"
    ),
    "mount:image_mount": (
        "all\t-\tMount all images\n"
        "format\tformat\tHow to print what is mounted: json\n"
    ),
    "mount:image_unmount": (
        "all\t-\tUnmount all that are mounted here\n"
        "force\t-\tAlso what is in use\n"
    ),
    "mount:mount": (
        "all\t-\tMount all containers\n"
        "format\tformat\tHow to print what is mounted: json\n"
        "latest\t-\tTake the container that was created last\n"
        "no-trunc\t-\tDo not shorten IDs\n"
    ),
    "mount:unmount": (
        "all\t-\tUnmount all that are mounted here\n"
        "force\t-\tAlso what is in use\n"
        "latest\t-\tTake the container that was created last\n"
    ),
    "pause:pause": (
        "all\t-\tPause all running containers\n"
        "cidfile\tfiles\tRead a container's ID from this file\n"
        "filter\t-\tTake the containers that fit, as in `ps --filter`\n"
        "latest\t-\tTake the container that was created last\n"
    ),
    "pause:unpause": (
        "all\t-\tLet all paused containers go on\n"
        "cidfile\tfiles\tRead a container's ID from this file\n"
        "filter\t-\tTake the containers that fit, as in `ps --filter`\n"
        "latest\t-\tTake the container that was created last\n"
    ),
    "pod:create": (
        "add-host\t-\tAdd this line to /etc/hosts; IP may be host-gateway\n"
        "blkio-weight\t-\tRelative weight of block I/O, 10 to 1000\n"
        "blkio-weight-device\t-\tRelative weight of block I/O on one device\n"
        "cgroup-parent\t-\tPut the container's cgroup below this one\n"
        "cpu-period\t-\tLength of the CPU period in microseconds\n"
        "cpu-quota\t-\tCPU time in microseconds that the container gets in each...\n"
        "cpu-rt-period\t-\tReal-time CPU period in microseconds\n"
        "cpu-rt-runtime\t-\tReal-time CPU time in microseconds\n"
        "cpu-shares\t-\tRelative share of CPU time\n"
        "cpus\t-\tNumber of CPUs that the container may use, as in 1.5\n"
        "cpuset-cpus\t-\tCPUs on which the container may run, as in 0-3,5\n"
        "cpuset-mems\t-\tMemory nodes that the container may use, as in 0-1\n"
        "device\tfiles\tGive the container a device of the host\n"
        "device-read-bps\t-\tLimit reads from a device in bytes per second\n"
        "device-read-iops\t-\tLimit reads from a device in operations per second\n"
        "device-write-bps\t-\tLimit writes to a device in bytes per second\n"
        "device-write-iops\t-\tLimit writes to a device in operations per second\n"
        "dns\t-\tUse this name server\n"
        "dns-option\t-\tAdd an option to resolv.conf\n"
        "dns-search\t-\tSearch names in this domain\n"
        "exit-policy\t(continue,stop)\tWhat happens when the last container has ended: continue...\n"
        "gidmap\t-\tMap these group ids in a user namespace of its own\n"
        "gpus\t-\tGPUs to give to the container\n"
        "hostname\t-\tHost name of the container\n"
        "hosts-file\tfiles\tBase file for /etc/hosts: a path, image or none\n"
        "infra\t-\tMake an infra container, which holds what is shared\n"
        "infra-command\t-\tCommand of the infra container\n"
        "infra-conmon-pidfile\tfiles\tWrite the pid of the infra container's monitor into this...\n"
        "infra-image\timages\tImage of the infra container\n"
        "infra-name\t-\tName of the infra container\n"
        "ip\t-\tIPv4 address of the container in its network\n"
        "ip6\t-\tIPv6 address of the container in its network\n"
        "label\t-\tAdd a label\n"
        "label-file\tfiles\tRead labels from this file, one in a line\n"
        "mac-address\t-\tMAC address of the container\n"
        "memory\t-\tLimit of memory, with a unit b, k, m or g\n"
        "memory-reservation\t-\tMemory below which the container is spared, with a unit b...\n"
        "memory-swap\t-\tLimit of memory and swap together; -1 = no limit\n"
        "memory-swappiness\t-\tSwappiness, 0 to 100\n"
        "name\t-\tName of the pod\n"
        "network\t(slirp4netns,none,host,private)\tNetwork: slirp4netns[:OPTIONS], none, host, private or co...\n"
        "network-alias\t-\tAnother name of the container in its network\n"
        "no-hostname\t-\tLeave the image's /etc/hostname alone\n"
        "no-hosts\t-\tLeave the image's /etc/hosts alone\n"
        "pid\t(private,host)\tPID namespace: private, host, container:NAME or ns:PATH\n"
        "pod-id-file\tfiles\tWrite the pod's ID into this file\n"
        "publish\t-\tPublish a port or range of the container on the host\n"
        "replace\t-\tReplace the pod that has the same name\n"
        "restart\t(no,always,on-failure,unless-stopped)\tWhen to start the containers again: no, always, on-failur...\n"
        "security-opt\t-\tSecurity option: no-new-privileges, seccomp=FILE, mask=PA...\n"
        "share\t-\tNamespaces to share: cgroup, ipc, net, pid, uts or none;...\n"
        "share-parent\t-\tMake the pod's cgroup the parent of its containers'\n"
        "shm-size\t-\tSize of /dev/shm, with a unit b, k, m or g\n"
        "shm-size-systemd\t-\tSize of the tmpfs file systems of systemd mode\n"
        "subgidname\t-\tTake the group ids of the user namespace from this entry...\n"
        "subuidname\t-\tTake the user ids of the user namespace from this entry o...\n"
        "sysctl\t-\tSet a kernel parameter of the container's namespaces\n"
        "uidmap\t-\tMap these user ids in a user namespace of its own\n"
        "userns\t(host,keep-id,auto,nomap)\tUser namespace: host, keep-id, auto, nomap, container:NAM...\n"
        "uts\t(private,host)\tUTS namespace: private, host, container:NAME or ns:PATH\n"
        "volume\tvolumes\tMount a directory of the host or a volume\n"
        "volumes-from\tcontainers\tMount what these containers mount\n"
    ),
    "pod:exists": "",
    "pod:kill": (
        "all\t-\tKill all pods\n"
        "latest\t-\tTake the pod that was created last\n"
        "signal\tsignals\tSignal to send\n"
    ),
    "pod:pause": (
        "all\t-\tPause all pods\n"
        "latest\t-\tTake the pod that was created last\n"
    ),
    "pod:prune": (
        "force\t-\tDo not ask\n"
    ),
    "pod:restart": (
        "all\t-\tRestart all pods\n"
        "latest\t-\tTake the pod that was created last\n"
    ),
    "pod:revive": "",
    "pod:rm": (
        "all\t-\tRemove all pods\n"
        "force\t-\tStop running containers first\n"
        "ignore\t-\tTake a pod that does not exist as removed\n"
        "latest\t-\tTake the pod that was created last\n"
        "pod-id-file\tfiles\tRead a pod's ID from this file\n"
        "time\t-\tTime to wait before the container is killed\n"
    ),
    "pod:settle": "",
    "pod:start": (
        "all\t-\tStart all pods\n"
        "latest\t-\tTake the pod that was created last\n"
        "pod-id-file\tfiles\tRead a pod's ID from this file\n"
    ),
    "pod:stop": (
        "all\t-\tStop all pods\n"
        "ignore\t-\tTake a pod that does not exist as stopped\n"
        "latest\t-\tTake the pod that was created last\n"
        "pod-id-file\tfiles\tRead a pod's ID from this file\n"
        "time\t-\tTime to wait before the container is killed\n"
    ),
    "pod:unpause": (
        "all\t-\tLet all pods go on\n"
        "latest\t-\tTake the pod that was created last\n"
    ),
    "podlogs:logs": (
        "color\t-\tPrint each container in a colour of its own\n"
        "container\tcontainers\tOf this container only\n"
        "follow\t-\tPrint new lines as they come, also of containers that are...\n"
        "latest\t-\tTake the pod that was created last\n"
        "names\t-\tPrint the name before each line, not the id\n"
        "since\t-\tLines since this time: a timestamp, or a duration as in 10m\n"
        "tail\t-\tPrint the last N lines only; -1 = all\n"
        "timestamps\t-\tPrint the time before each line\n"
        "until\t-\tLines until this time: a timestamp, or a duration from no...\n"
    ),
    "podview:inspect": (
        "format\tformat\tPrint as json or by a Go template\n"
        "latest\t-\tTake the pod that was created last\n"
    ),
    "podview:ps": (
        "ctr-ids\t-\tShow the IDs of the containers\n"
        "ctr-names\t-\tShow the names of the containers\n"
        "ctr-status\t-\tShow the states of the containers\n"
        "filter\t-\tShow only what fits: id, name, label, status, ctr-names ...\n"
        "format\tformat\tPrint as json, or by a Go template\n"
        "latest\t-\tTake the pod that was created last\n"
        "no-trunc\t-\tDo not shorten IDs\n"
        "noheading\t-\tPrint no column headings\n"
        "ns\t-\tShow what the pods share\n"
        "quiet\t-\tPrint IDs only\n"
        "sort\t-\tSort by created, id, name, number or status\n"
    ),
    "podview:stats": (
        "all\t-\tShow all pods, not only those that run\n"
        "format\t(json)\tPrint as json or by a Go template\n"
        "latest\t-\tTake the pod that was created last\n"
        "no-reset\t-\tDo not clear the screen between reports\n"
        "no-stream\t-\tPrint one report and end\n"
    ),
    "podview:top": (
        "latest\t-\tTake the pod that was created last\n"
    ),
    "port:port": (
        "all\t-\tShow the ports of all running containers\n"
        "latest\t-\tTake the container that was created last\n"
        "publish\t-\tWith add and rm: a port or range, as in `run --publish`\n"
    ),
    "ps:ps": (
        "all\t-\tShow all containers, not only the running ones\n"
        "external\t-\tShow containers of other tools as well\n"
        "filter\t-\tShow only what fits: id, name, label, status, ancestor, e...\n"
        "format\tformat\tPrint as json, or by a Go template\n"
        "last\t-\tShow the N containers that were created last, whatever th...\n"
        "latest\t-\tShow the container that was created last\n"
        "no-trunc\t-\tDo not shorten IDs and commands\n"
        "noheading\t-\tPrint no column headings\n"
        "ns\t-\tShow the namespaces\n"
        "pod\t-\tShow the pods of the containers\n"
        "quiet\t-\tPrint IDs only\n"
        "size\t-\tShow the sizes of the containers\n"
        "sort\t-\tSort by command, created, id, image, names, runningfor, s...\n"
        "sync\t-\tAsk the runtime for the true state\n"
        "watch\t-\tPrint again and again after this time\n"
    ),
    "pull:pull": (
        "all-tags\t-\tPull every tag of the repository\n"
        "arch\t-\tChoose the image for this architecture instead of the mac...\n"
        "authfile\tfiles\tRead the credentials from this file\n"
        "cert-dir\tdirs\tRead the certificates for registries from this directory\n"
        "creds\t-\tCredentials for the registry\n"
        "decryption-key\t-\tKey to decrypt the image with\n"
        "disable-content-trust\t-\tOf Docker\n"
        "os\t-\tChoose the image for this operating system\n"
        "platform\t-\tChoose the image for this platform\n"
        "policy\t(always,missing,never,newer)\tWhen to pull: always, missing, never or newer\n"
        "quiet\t-\tPrint the image's ID only\n"
        "retry\t-\tHow often a failed pull is tried again\n"
        "retry-delay\t-\tPause before a failed pull is tried again\n"
        "tls-verify\t-\tAsk registries for a valid certificate\n"
        "variant\t-\tChoose the image for this variant of the architecture\n"
    ),
    "push:push": (
        "authfile\tfiles\tRead the credentials from this file\n"
        "cert-dir\tdirs\tRead the certificates for the registry from this directory\n"
        "compress\t-\tCompress the layers of a directory\n"
        "compression-format\t(gzip,zstd)\tCompress layers that are kept uncompressed: gzip or zstd;...\n"
        "creds\t-\tCredentials for the registry\n"
        "digestfile\tfiles\tWrite the digest of the manifest into this file\n"
        "disable-content-trust\t-\tOf Docker\n"
        "format\t(oci,v2s2)\tFormat of the manifest: oci or v2s2; otherwise the one th...\n"
        "quiet\t-\tPrint no progress\n"
        "remove-signatures\t-\tLeave out signatures\n"
        "retry\t-\tHow often a failed push is tried again\n"
        "retry-delay\t-\tPause before a failed push is tried again\n"
        "sign-by\t-\tSign the image with this key\n"
        "tls-verify\t-\tAsk the registry for a valid certificate\n"
    ),
    "rename:rename": "",
    "restart:restart": (
        "all\t-\tRestart all containers, whatever their state\n"
        "cidfile\tfiles\tRead a container's ID from this file\n"
        "filter\t-\tTake the containers that fit, as in `ps --filter`\n"
        "latest\t-\tTake the container that was created last\n"
        "running\t-\tRestart all containers that run\n"
        "time\t-\tTime to wait before the container is killed\n"
    ),
    "rm:rm": (
        "all\t-\tRemove all containers\n"
        "cidfile\tfiles\tRead a container's ID from this file\n"
        "depend\t-\tRemove all containers that need it as well, and the pod o...\n"
        "filter\t-\tTake the containers that fit, as in `ps --filter`\n"
        "force\t-\tStop and remove running containers as well\n"
        "ignore\t-\tTake a container that does not exist as removed\n"
        "latest\t-\tTake the container that was created last\n"
        "time\t-\tTime to wait before the container is killed\n"
        "volumes\t-\tRemove its anonymous volumes as well\n"
    ),
    "rmi:rmi": (
        "all\t-\tRemove all images\n"
        "force\t-\tRemove the containers of the image and all its names as well\n"
        "ignore\t-\tTake an image that does not exist as removed\n"
        "no-prune\t-\tKeep the images below it that have no name\n"
    ),
    "run:run": (
        "add-host\t-\tAdd this line to /etc/hosts; IP may be host-gateway\n"
        "annotation\t-\tAdd an annotation to the container\n"
        "arch\t-\tChoose the image for this architecture instead of the mac...\n"
        "attach\t(stdin,stdout,stderr)\tAttach to stdin, stdout or stderr\n"
        "authfile\tfiles\tRead the credentials for registries from this file\n"
        "blkio-weight\t-\tRelative weight of block I/O, 10 to 1000\n"
        "blkio-weight-device\t-\tRelative weight of block I/O on one device\n"
        "cap-add\tcaps\tAdd a capability to the container's default set\n"
        "cap-drop\tcaps\tDrop a capability, or ALL\n"
        "cert-dir\tdirs\tRead the certificates for registries from this directory\n"
        "cgroup-conf\t-\tWrite a value into a file of the container's cgroup\n"
        "cgroup-parent\t-\tPut the container's cgroup below this one\n"
        "cgroupns\t(private,host)\tCgroup namespace: private, host, container:NAME or ns:PATH\n"
        "cgroups\t(enabled,disabled,no-conmon,split)\tUse of cgroups: enabled, disabled, no-conmon or split\n"
        "chrootdirs\t-\tDirectories inside the container that get the hosts, host...\n"
        "cidfile\tfiles\tWrite the container's ID into this file, which must not e...\n"
        "conmon-pidfile\tfiles\tWrite the pid of the container's monitor into this file\n"
        "cpu-period\t-\tLength of the CPU period in microseconds\n"
        "cpu-quota\t-\tCPU time in microseconds that the container gets in each...\n"
        "cpu-rt-period\t-\tReal-time CPU period in microseconds\n"
        "cpu-rt-runtime\t-\tReal-time CPU time in microseconds\n"
        "cpu-shares\t-\tRelative share of CPU time\n"
        "cpus\t-\tNumber of CPUs that the container may use, as in 1.5\n"
        "cpuset-cpus\t-\tCPUs on which the container may run, as in 0-3,5\n"
        "cpuset-mems\t-\tMemory nodes that the container may use, as in 0-1\n"
        "creds\t-\tCredentials for the registry\n"
        "decryption-key\t-\tKey to decrypt the image with\n"
        "detach\t-\tRun in the background and print the container's ID\n"
        "detach-keys\t-\tKeys that detach from the terminal, as in ctrl-p,ctrl-q\n"
        "device\tfiles\tGive the container a device of the host\n"
        "device-cgroup-rule\t-\tAdd a rule to the list of devices that the cgroup allows\n"
        "device-read-bps\t-\tLimit reads from a device in bytes per second\n"
        "device-read-iops\t-\tLimit reads from a device in operations per second\n"
        "device-write-bps\t-\tLimit writes to a device in bytes per second\n"
        "device-write-iops\t-\tLimit writes to a device in operations per second\n"
        "disable-content-trust\t-\tKnown from Docker; there is no content trust\n"
        "dns\t-\tUse this name server\n"
        "dns-option\t-\tAdd an option to resolv.conf\n"
        "dns-search\t-\tSearch names in this domain\n"
        "entrypoint\t-\tRun this instead of the image's entrypoint: a program, or...\n"
        "env\t-\tSet a variable; without a value it is taken from here, NA...\n"
        "env-file\tfiles\tRead variables from this file, one NAME=VALUE in a line\n"
        "env-host\t-\tPass the whole environment of the caller\n"
        "env-merge\t-\tSet a variable from the image's variables, as in PATH=${P...\n"
        "expose\t-\tNote that the container listens on this port or range\n"
        "gidmap\t-\tMap these group ids in a user namespace of its own\n"
        "gpus\t-\tGPUs to give to the container\n"
        "group-add\t-\tGive the process another group; keep-groups keeps those o...\n"
        "group-entry\t-\tTemplate of the line that is added to /etc/group\n"
        "health-cmd\t-\tCommand that tells whether the container is healthy; none...\n"
        "health-interval\t-\tTime between two health checks\n"
        "health-log-destination\t-\tWhere the log of the health checks goes\n"
        "health-max-log-count\t-\tNumber of entries in the log of the health checks\n"
        "health-max-log-size\t-\tLength of one entry in the log of the health checks\n"
        "health-on-failure\t-\tWhat to do when the container turns unhealthy: none, kill...\n"
        "health-retries\t-\tFailures in a row that make the container unhealthy\n"
        "health-start-period\t-\tTime to start up, in which failures do not count\n"
        "health-startup-cmd\t-\tCommand that tells whether the container has started up\n"
        "health-startup-interval\t-\tTime between two start-up checks\n"
        "health-startup-retries\t-\tFailed start-up checks after which the container is resta...\n"
        "health-startup-success\t-\tPassed start-up checks that end the start-up\n"
        "health-startup-timeout\t-\tTime in which a start-up check must end\n"
        "health-timeout\t-\tTime in which a health check must end\n"
        "hostname\t-\tHost name of the container\n"
        "hosts-file\tfiles\tBase file for /etc/hosts: a path, image or none\n"
        "hostuser\t-\tAdd this user of the host to the container's /etc/passwd\n"
        "http-proxy\t-\tPass the proxy variables of the caller\n"
        "image-volume\t(anonymous,bind,tmpfs,ignore)\tWhat becomes of the image's volumes: anonymous (or bind),...\n"
        "init\t-\tRun an init program as pid 1 that forwards signals and re...\n"
        "init-path\tfiles\tPath of the init program\n"
        "interactive\t-\tKeep stdin open\n"
        "ip\t-\tIPv4 address of the container in its network\n"
        "ip6\t-\tIPv6 address of the container in its network\n"
        "ipc\t(private,shareable,host,none)\tIPC namespace: private, shareable, host, none, container:...\n"
        "label\t-\tAdd a label\n"
        "label-file\tfiles\tRead labels from this file, one in a line\n"
        "link-local-ip\t-\tLink-local address of the container\n"
        "log-driver\t(k8s-file,json-file,journald,none,passthrough)\tHow output is kept: k8s-file, journald, none or passthrough\n"
        "log-opt\t-\tOption of the log driver: max-size, max-file, path, tag\n"
        "mac-address\t-\tMAC address of the container\n"
        "memory\t-\tLimit of memory, with a unit b, k, m or g\n"
        "memory-reservation\t-\tMemory below which the container is spared, with a unit b...\n"
        "memory-swap\t-\tLimit of memory and swap together; -1 = no limit\n"
        "memory-swappiness\t-\tSwappiness, 0 to 100\n"
        "mount\t-\tMount something: type=bind,src=DIR,dst=DIR, type=volume,...\n"
        "name\t-\tName of the container\n"
        "network\t(slirp4netns,none,host,private)\tNetwork: slirp4netns[:OPTIONS], none, host, private or co...\n"
        "network-alias\t-\tAnother name of the container in its network\n"
        "no-healthcheck\t-\tRun no health checks\n"
        "no-hostname\t-\tLeave the image's /etc/hostname alone\n"
        "no-hosts\t-\tLeave the image's /etc/hosts alone\n"
        "oom-kill-disable\t-\tDo not kill the container when memory runs out\n"
        "oom-score-adj\t-\tPreference of the kernel to kill the container when memor...\n"
        "os\t-\tChoose the image for this operating system\n"
        "passwd\t-\tAdd the container's user to /etc/passwd and /etc/group wh...\n"
        "passwd-entry\t-\tTemplate of the line that is added to /etc/passwd\n"
        "personality\t-\tExecution domain, as in LINUX32\n"
        "pid\t(private,host)\tPID namespace: private, host, container:NAME or ns:PATH\n"
        "pidfile\tfiles\tWrite the pid of the container's first process into this...\n"
        "pids-limit\t-\tLimit of processes; -1 = no limit\n"
        "platform\t-\tChoose the image for this platform\n"
        "pod\tpods\tRun the container in this pod\n"
        "pod-id-file\tfiles\tRead the pod's ID from this file\n"
        "preserve-fd\t-\tFile descriptors to pass into the container\n"
        "preserve-fds\t-\tPass this many file descriptors, from 3 on, into the cont...\n"
        "privileged\t-\tGive the container all that the caller may do: capabiliti...\n"
        "publish\t-\tPublish a port or range of the container on the host\n"
        "publish-all\t-\tPublish all exposed ports on free ports of the host\n"
        "pull\t(always,missing,never,newer)\tWhen to pull the image: missing, always, never or newer\n"
        "quiet\t-\tPrint no progress of a pull\n"
        "rdt-class\t-\tClass of service of Intel RDT\n"
        "read-only\t-\tMake the container's root file system read-only\n"
        "read-only-tmpfs\t-\tWith --read-only, mount a tmpfs on /run, /tmp and /var/tmp\n"
        "replace\t-\tReplace the container that has the same name\n"
        "requires\tcontainers\tContainers that are started before this one\n"
        "restart\t(no,always,on-failure,unless-stopped)\tWhen to start the container again: no, always, on-failure...\n"
        "retry\t-\tHow often a failed pull is tried again\n"
        "retry-delay\t-\tPause before a failed pull is tried again\n"
        "rm\t-\tRemove the container when it has ended\n"
        "rmi\t-\tRemove the image as well if no other container uses it\n"
        "rootfs\t-\tThe first argument is the directory of a root file system...\n"
        "sdnotify\t-\tWho says to systemd that the unit is ready: container, co...\n"
        "seccomp-policy\t-\tHow the seccomp profile is chosen\n"
        "secret\tsecrets\tGive the container a secret\n"
        "security-opt\t-\tSecurity option: no-new-privileges, seccomp=FILE, mask=PA...\n"
        "shm-size\t-\tSize of /dev/shm, with a unit b, k, m or g\n"
        "shm-size-systemd\t-\tSize of the tmpfs file systems of systemd mode\n"
        "sig-proxy\t-\tForward signals to the container's first process\n"
        "stop-signal\tsignals\tSignal that asks the container to stop\n"
        "stop-timeout\t-\tTime that a stop waits before it kills\n"
        "subgidname\t-\tTake the group ids of the user namespace from this entry...\n"
        "subuidname\t-\tTake the user ids of the user namespace from this entry o...\n"
        "sysctl\t-\tSet a kernel parameter of the container's namespaces\n"
        "systemd\t(true,false,always)\tPrepare the container for systemd as its init: true, fals...\n"
        "timeout\t-\tKill the container after this time\n"
        "tls-verify\t-\tAsk registries for a valid certificate\n"
        "tmpfs\t-\tMount a tmpfs\n"
        "tty\t-\tGive the container a terminal\n"
        "tz\t-\tTime zone of the container; local = that of the host\n"
        "uidmap\t-\tMap these user ids in a user namespace of its own\n"
        "ulimit\t-\tSet a resource limit; host keeps those of the caller\n"
        "umask\t-\tFile mode creation mask\n"
        "unsetenv\t-\tRemove a default variable\n"
        "unsetenv-all\t-\tRemove all default variables\n"
        "user\t-\tRun as this user, by name or number\n"
        "userns\t(host,keep-id,auto,nomap)\tUser namespace: host, keep-id, auto, nomap, container:NAM...\n"
        "uts\t(private,host)\tUTS namespace: private, host, container:NAME or ns:PATH\n"
        "variant\t-\tChoose the image for this variant of the architecture\n"
        "volume\tvolumes\tMount a directory of the host or a volume\n"
        "volumes-from\tcontainers\tMount what these containers mount\n"
        "workdir\t-\tDirectory in which the command starts\n"
    ),
    "save:save": (
        "compress\t-\tCompress the layers of a directory\n"
        "format\t(docker-archive,oci-archive,oci-dir,docker-dir)\tdocker-archive, oci-archive, oci-dir or docker-dir\n"
        "multi-image-archive\t-\tEvery argument is an image, not one more name\n"
        "output\tfiles\tWrite to this file or directory instead of stdout\n"
        "quiet\t-\tPrint no progress\n"
        "uncompressed\t-\tAccept uncompressed layers\n"
    ),
    "secret:create": (
        "driver\t(file,shell)\tWhere it is kept: file or shell\n"
        "driver-opts\t-\tOption of the driver\n"
        "env\t-\tFILE is the name of a variable that holds the secret\n"
        "ignore\t-\tTake a secret that exists as created\n"
        "label\t-\tAdd a label\n"
        "replace\t-\tReplace the secret that has the same name\n"
    ),
    "secret:exists": "",
    "secret:inspect": (
        "format\tformat\tPrint as json or by a Go template\n"
        "pretty\t-\tPrint for people to read\n"
        "showsecret\t-\tShow the secret itself as well\n"
    ),
    "secret:ls": (
        "filter\t-\tShow only what fits: name, id\n"
        "format\tformat\tPrint as json, or by a Go template\n"
        "noheading\t-\tPrint no column headings\n"
        "quiet\t-\tPrint IDs only\n"
    ),
    "secret:rm": (
        "all\t-\tRemove all secrets\n"
        "ignore\t-\tTake a secret that does not exist as removed\n"
    ),
    "start:start": (
        "all\t-\tStart all containers\n"
        "attach\t-\tAttach to the container's output\n"
        "detach-keys\t-\tKeys that detach from the terminal\n"
        "filter\t-\tTake the containers that fit, as in `ps --filter`\n"
        "interactive\t-\tPass on stdin\n"
        "latest\t-\tTake the container that was created last\n"
        "sig-proxy\t-\tForward signals to the container's first process\n"
    ),
    "stats:stats": (
        "all\t-\tShow those that do not run too\n"
        "format\t(json)\tPrint as json or by a Go template\n"
        "interval\t-\tTime between two reports\n"
        "latest\t-\tTake the container that was created last\n"
        "no-reset\t-\tDo not clear the screen between reports\n"
        "no-stream\t-\tPrint one report and end\n"
        "no-trunc\t-\tShow whole ids\n"
    ),
    "stop:stop": (
        "all\t-\tStop all running containers\n"
        "cidfile\tfiles\tRead a container's ID from this file\n"
        "filter\t-\tTake the containers that fit, as in `ps --filter`\n"
        "ignore\t-\tTake a container that does not exist as stopped\n"
        "latest\t-\tTake the container that was created last\n"
        "time\t-\tTime to wait before the container is killed\n"
    ),
    "system:check": (
        "force\t-\tRemove damaged containers too, and those of damaged image...\n"
        "max\t-\tLayers that nothing uses are damage when they are older\n"
        "quick\t-\tLeave out what takes time: archives and files of layers\n"
        "repair\t-\tRemove damaged images that no container uses\n"
    ),
    "system:df": (
        "format\tformat\tPrint as json, or by a Go template\n"
        "verbose\t-\tShow each image, container and volume\n"
    ),
    "system:prune": (
        "all\t-\tRemove every image that no container uses, not only namel...\n"
        "filter\t-\tRemove only what fits: label, label!, until\n"
        "force\t-\tDo not ask\n"
        "volumes\t-\tRemove volumes that no container uses\n"
    ),
    "system:reset": (
        "force\t-\tDo not ask\n"
    ),
    "tag:tag": "",
    "tag:untag": "",
    "top:top": (
        "latest\t-\tTake the container that was created last\n"
        "list-descriptors\t-\tList the descriptors\n"
    ),
    "unshare:unshare": (
        "rootless-netns\t-\tEnter the network namespace of the named networks as well\n"
    ),
    "update:update": (
        "blkio-weight\t-\tRelative weight of block I/O, 10 to 1000\n"
        "blkio-weight-device\t-\tRelative weight of block I/O on one device\n"
        "cpu-period\t-\tLength of the CPU period in microseconds\n"
        "cpu-quota\t-\tCPU time in microseconds that the container gets in each...\n"
        "cpu-rt-period\t-\tReal-time CPU period in microseconds\n"
        "cpu-rt-runtime\t-\tReal-time CPU time in microseconds\n"
        "cpu-shares\t-\tRelative share of CPU time\n"
        "cpus\t-\tNumber of CPUs that the container may use, as in 1.5\n"
        "cpuset-cpus\t-\tCPUs on which the container may run, as in 0-3,5\n"
        "cpuset-mems\t-\tMemory nodes that the container may use, as in 0-1\n"
        "device-read-bps\t-\tLimit reads from a device in bytes per second\n"
        "device-read-iops\t-\tLimit reads from a device in operations per second\n"
        "device-write-bps\t-\tLimit writes to a device in bytes per second\n"
        "device-write-iops\t-\tLimit writes to a device in operations per second\n"
        "env\t-\tSet a variable for the next start\n"
        "latest\t-\tTake the container that was created last\n"
        "memory\t-\tLimit of memory, with a unit b, k, m or g\n"
        "memory-reservation\t-\tMemory below which the container is spared, with a unit b...\n"
        "memory-swap\t-\tLimit of memory and swap together; -1 = no limit\n"
        "memory-swappiness\t-\tSwappiness, 0 to 100\n"
        "pids-limit\t-\tLimit of processes; -1 = no limit\n"
        "restart\t-\tChange the restart policy\n"
        "unsetenv\t-\tTake a variable away for the next start\n"
    ),
    "version:version": (
        "format\tformat\tPrint as json or by a Go template\n"
    ),
    "volume:create": (
        "driver\t-\tVolume driver: local\n"
        "gid\t-\tGroup that owns the volume\n"
        "ignore\t-\tTake a volume that exists as created\n"
        "label\t-\tAdd a label\n"
        "opt\t-\tOption of the driver\n"
        "uid\t-\tUser who owns the volume\n"
    ),
    "volume:exists": "",
    "volume:export": (
        "output\tfiles\tWrite to this file instead of stdout\n"
    ),
    "volume:import_": "",
    "volume:inspect": (
        "all\t-\tShow all volumes\n"
        "format\tformat\tPrint as json or by a Go template\n"
    ),
    "volume:ls": (
        "filter\t-\tShow only what fits: name, label, driver, dangling ...\n"
        "format\tformat\tPrint as json, or by a Go template\n"
        "noheading\t-\tPrint no column headings\n"
        "quiet\t-\tPrint names only\n"
    ),
    "volume:mount": "",
    "volume:prune": (
        "filter\t-\tRemove only what fits: label, label!, until, name ...\n"
        "force\t-\tDo not ask\n"
    ),
    "volume:rm": (
        "all\t-\tRemove all volumes that no container uses\n"
        "force\t-\tRemove the containers that use it as well\n"
        "time\t-\tTime to wait before the container is killed\n"
    ),
    "volume:unmount": "",
    "wait:wait": (
        "condition\t(configured,created,exited,healthy,initialized,paused,removing,running,stopped,stopping,unhealthy)\tState to wait for: stopped, running, exited, removing ...\n"
        "exit-first-match\t-\tEnd when the first of the containers is there, and print...\n"
        "ignore\t-\tTake a container that does not exist as ended, with code -1\n"
        "interval\t-\tTime between two looks\n"
        "latest\t-\tTake the container that was created last\n"
    ),
}
