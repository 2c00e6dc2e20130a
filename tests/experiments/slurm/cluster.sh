#!/usr/bin/env bash
# A SLURM cluster of one node, this machine, for the tests beside this file; Debian's packages, as root.
#
#   tests/experiments/slurm/cluster.sh start [FOLDER]    install what is missing, start the daemons, print what to export
#   tests/experiments/slurm/cluster.sh stop [FOLDER]     end them
#
# Keys, logs, state and configuration are in FOLDER alone, by default /tmp/kinn-slurm; nothing under /etc is touched.
set -euo pipefail
action=${1:-}
folder=${2:-/tmp/kinn-slurm}
conf=$folder/slurm.conf

install_packages() {
    command -v slurmctld slurmd munged sbatch >/dev/null && return
    apt-get update -qq
    # the services that the packages would start are of no use here: they know nothing of this folder
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge
}

configure() {
    mkdir -p "$folder"/{state,spool,log}
    # munge insists on folders that no one else could have written
    mkdir -p "$folder/munge"
    chown munge: "$folder/munge"
    chmod 711 "$folder/munge"
    [ -f "$folder/munge/key" ] || runuser -u munge -- sh -c "umask 077; head -c 1024 /dev/urandom >'$folder/munge/key'"
    local host
    host=$(hostname -s)
    cat >"$conf" <<END
ClusterName=kinn
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
# a job that is queued again waits until its credential has expired
AuthInfo=socket=$folder/munge/socket,cred_expire=10
CredType=cred/munge
SlurmctldPort=26817
SlurmdPort=26818
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=2
# a job of the partition "urgent" takes the place of one of "usual", which is told, and queued again
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
JobRequeue=1
KillWait=5
MinJobAge=60
InactiveLimit=0
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo) State=UNKNOWN
PartitionName=usual Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=10 State=UP
PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=2 PreemptMode=OFF State=UP
END
}

start() {
    install_packages
    configure
    runuser -u munge -- munged --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
        --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed"
    slurmctld -f "$conf"
    slurmd -f "$conf"
    export SLURM_CONF=$conf
    for _ in $(seq 60); do
        [ "$(sinfo -h -p usual -o %T 2>/dev/null)" = idle ] && break
        sleep 0.5
    done
    sinfo >&2
    [ "$(sinfo -h -p usual -o %T)" = idle ] || { echo "the node does not come up: see $folder/log" >&2; exit 1; }
    echo "export SLURM_CONF=$conf"
}

stop() {
    for file in "$folder/slurmd.pid" "$folder/slurmctld.pid" "$folder/munge/pid"; do
        [ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
    done
}

case $action in
    start) start ;;
    stop) stop ;;
    *) sed -n '2,7s/^# \?//p' "$0" >&2; exit 2 ;;
esac
