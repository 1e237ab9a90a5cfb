#!/usr/bin/env bash
# Runs a command as ranks on "machines" that are network namespaces of this one, joined by a bridge,
# each sending at this rate (tc tbf; "" for no limit). Needs root, iproute2 and openmpi-bin.
#
#   bench/over_network.sh 2 1gbit build/bench/train_step --size M --threads 1
set -euo pipefail
machines=$1 rate=$2
shift 2
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
name=babelgrad$$ folder=$(mktemp -d)
finish() {
  for ((i = 0; i < machines; ++i)); do
    ip netns pids "$name-$i" 2>/dev/null | xargs -r kill -9
    ip link del "bg$$-$i" 2>/dev/null || true
    ip netns del "$name-$i" 2>/dev/null || true
  done
  ip link del "bg$$" 2>/dev/null || true
  rm -r "$folder"
}
trap finish EXIT

ip link add "bg$$" type bridge
ip link set "bg$$" up
hosts=()
for ((i = 0; i < machines; ++i)); do
  ip netns add "$name-$i"
  ip link add "bg$$-$i" type veth peer name eth0 netns "$name-$i"
  ip link set "bg$$-$i" master "bg$$" up
  ip -n "$name-$i" address add "10.77.0.$((i + 1))/24" dev eth0
  ip -n "$name-$i" link set eth0 up
  ip -n "$name-$i" link set lo up
  if [[ -n $rate ]]; then
    ip netns exec "$name-$i" tc qdisc add dev eth0 root tbf rate "$rate" burst 256k latency 100ms
  fi
  hosts+=("10.77.0.$((i + 1)):1")
done

# How mpirun reaches a machine, in the place of ssh: AGENT ADDRESS COMMAND...
cat >"$folder/agent" <<AGENT
#!/usr/bin/env bash
number=\$((\${1##*.} - 1)); shift
exec ip netns exec "$name-\$number" unshare --uts sh -c "hostname machine\$number; \$*"
AGENT
chmod +x "$folder/agent"
hosts=$(IFS=,; echo "${hosts[*]}")
ip netns exec "$name-0" mpirun --bind-to none --host "$hosts" --mca plm_rsh_agent "$folder/agent" \
  --mca btl tcp,self --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0 "$@"
