"""Linux's netfilter: nftables and iptables."""
