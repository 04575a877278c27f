/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that can be done with two tap devices: what one gives is written to the other, headers and all, a thread each way. What a kernel between
 * them reaches is measured by this.
 * usage: tapcopy TAP TAP
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int fds[2];

static int
open_tap(const char *name)
{
	int fd = open("/dev/net/tun", O_RDWR);
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	strncpy(ifr.ifr_name, name, sizeof(ifr.ifr_name) - 1);
	if (fd == -1 || ioctl(fd, TUNSETIFF, &ifr) == -1 ||
	    ioctl(fd, TUNSETOFFLOAD,
		(unsigned long)(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)) == -1) {
		perror(name);
		exit(1);
	}
	return fd;
}

static void *
copy(void *arg)
{
	int from = *(int *)arg, to = from == fds[0] ? fds[1] : fds[0];
	static _Thread_local char b[70000];
	ssize_t n;

	while ((n = read(from, b, sizeof(b))) > 0)
		if (write(to, b, (size_t)n) != n)
			continue; /* a full queue, as on any cable */
	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t th;

	if (argc != 3) {
		fprintf(stderr, "usage: tapcopy TAP TAP\n");
		return 2;
	}
	fds[0] = open_tap(argv[1]);
	fds[1] = open_tap(argv[2]);
	printf("ready\n");
	fflush(stdout);
	pthread_create(&th, NULL, copy, &fds[1]);
	copy(&fds[0]);
	return 0;
}
