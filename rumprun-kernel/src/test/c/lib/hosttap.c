/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's end of a tap device. Contract: lib/hosttap.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/hosttap.h"

int
hosttap_open(const char *name)
{
	struct sockaddr_ll ll;
	struct ifreq ifr;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	if (fd == -1)
		return -1;
	memset(&ifr, 0, sizeof(ifr));
	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) == -1)
		goto out;
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) == -1 ||
	    ioctl(fd, SIOCGIFINDEX, &ifr) == -1)
		goto out;
	memset(&ll, 0, sizeof(ll));
	ll.sll_family = AF_PACKET;
	ll.sll_protocol = htons(ETH_P_ALL);
	ll.sll_ifindex = ifr.ifr_ifindex;
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)) == 0)
		return fd;
out:
	close(fd);
	return -1;
}

int
hosttap_send(int fd, const void *frame, size_t size)
{
	return (int)send(fd, frame, size, 0);
}

int
hosttap_recv(int fd, unsigned type, void *frame, size_t size)
{
	struct pollfd p = { fd, POLLIN, 0 };
	unsigned char *f = frame;
	ssize_t n;

	while (poll(&p, 1, 5000) > 0) {
		n = recv(fd, frame, size, 0);
		if (n >= 14 && (unsigned)(f[12] << 8 | f[13]) == type)
			return (int)n;
	}
	return -1;
}

void
hosttap_close(int fd)
{
	close(fd);
}
