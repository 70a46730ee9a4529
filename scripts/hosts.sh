#!/usr/bin/env bash
# Several hosts on one machine, as network namespaces on a bridge: host K has the address 10.77.0.K. Wants root and iproute2.
#   hosts.sh up N          makes hosts 1 to N, in the place of any that there are
#   hosts.sh in K COMMAND  runs a command on host K
#   hosts.sh cut K         takes host K off the network, as a pulled cable does; hosts.sh join K puts it back
#   hosts.sh lossy K P     has host K lose the share P of the packets that it is sent; 0 for none
#   hosts.sh down          removes them all
set -eu
bridge=qes-bridge

down() {
  # A port whose host still has processes outlives it.
  for port in $(ip -o link | grep -o 'qes-port-[0-9]*' | sort -u); do ip link delete "$port"; done
  for name in $(ip netns list | awk '/^qes-host-/ { print $1 }'); do ip netns delete "$name"; done
  ip link delete "$bridge" 2>/dev/null || true
}

up() {
  down
  ip link add "$bridge" type bridge
  ip link set "$bridge" up
  for host in $(seq 1 "$1"); do
    ip netns add "qes-host-$host"
    ip link add "qes-port-$host" type veth peer name eth0 netns "qes-host-$host"
    ip link set "qes-port-$host" master "$bridge" up
    ip -n "qes-host-$host" link set lo up
    ip -n "qes-host-$host" link set eth0 up
    ip -n "qes-host-$host" address add "10.77.0.$host/24" dev eth0
  done
}

lossy() {
  ip netns exec "qes-host-$1" iptables -F INPUT
  [ "$2" = 0 ] || ip netns exec "qes-host-$1" iptables -A INPUT -i eth0 -m statistic --mode random --probability "$2" -j DROP
}

case "${1:-}" in
  up) up "$2" ;;
  down) down ;;
  in) host=$2; shift 2; exec ip netns exec "qes-host-$host" "$@" ;;
  cut) ip link set "qes-port-$2" down ;;
  join) ip link set "qes-port-$2" up ;;
  lossy) lossy "$2" "$3" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
