#!/bin/bash
# A sweep on a Slurm cluster: one task is the Redis, one the sweep, all others are workers. sbatch slurm.sh plan.yaml
#SBATCH --job-name=qes-sweep
#SBATCH --ntasks=18
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=1G
#SBATCH --time=08:00:00
set -eu
plan=$1
port=6379
umask 077
folder=$(mktemp -d "$PWD/qes-XXXXXX")
trap 'rm -rf "$folder"' EXIT

# A password of this job's own, in files that nobody else can read.
password=$(head -c 24 /dev/urandom | base64 | tr -d '/+=')
host=$(hostname)
printf 'port %s\nbind 0.0.0.0\nrequirepass %s\nmaxmemory-policy noeviction\nsave ""\n' "$port" "$password" >"$folder/redis.conf"
printf 'redis://:%s@%s:%s\n' "$password" "$host" "$port" >"$folder/broker.url"

srun --exact --ntasks=1 --nodes=1 --nodelist="$SLURMD_NODENAME" redis-server "$folder/redis.conf" &
redis=$!
sleep 5
srun --exact --ntasks=$((SLURM_NTASKS - 2)) qes worker --broker "$folder/broker.url" --threads "$SLURM_CPUS_PER_TASK" --quiet &
workers=$!
srun --exact --ntasks=1 qes sweep "$plan" --broker "$folder/broker.url" --quiet --csv >"${plan%.*}.csv"
kill "$workers" "$redis"
