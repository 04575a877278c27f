/* SPDX-License-Identifier: BSD-2-Clause */
/* shmif's interfaces: kernels without protocols on a bus file; the file is cut, damaged, and its lock held by the dead. */
#include <netbsd/fcntl.h>
#include "host/netdev.h"
#include "net/if_shmif.h"
#include "net/if_shmif_bus.h"
#include "net/if_var.h"
#include "lib/check.h"

#define NHOSTS 3

static struct host {
	struct rump_kernel *_Atomic k; /* first: the others are looked for */
	struct ifnet *ifp;
	char name[IFNAMSIZ];
	_Atomic unsigned got;
	_Atomic uint32_t last;
} hosts[NHOSTS];

static const char *const parts[] = { "net", "net_net", "net_shmif", NULL };
static char path[64];

static void
input(struct mbuf *m)
{
	uint32_t number = 0;

	for (int i = 0; i < NHOSTS; i++)
		if (hosts[i].k == m->m_k) {
			if (m->m_pkthdr.len >= 4)
				m_copydata(m, 0, 4, &number);
			hosts[i].last = number;
			hosts[i].got++;
		}
	m_freem(m);
}

static int
up(struct host *h, bool on)
{
	int error = 0;

	net_wrlock(h->k);
	if (on)
		error = if_up(h->ifp);
	else
		if_down(h->ifp);
	net_unlock(h->k);
	return error;
}

static void
boot_one(struct host *h)
{
	struct kern_config config = { .kc_components = parts };
	struct rump_kernel *k;

	memset((char *)h + sizeof(h->k), 0, sizeof(*h) - sizeof(h->k));
	CHECK_EQ(kern_boot(&config, &k), 0);
	h->k = k;
	net_setinput(h->k, NETPROTO_IP, input);
	CHECK_EQ(shmif_create(h->k, path, h->name), 0);
	CHECK_STR(h->name, "shmif0");
	net_rdlock(h->k);
	h->ifp = if_byname(h->k, h->name);
	net_unlock(h->k);
	CHECK_EQ(up(h, true), 0);
}

static void
halt_one(struct host *h)
{
	int64_t leak = -1;

	kern_halt(h->k, true, &leak);
	CHECK_EQ(leak, 0);
	h->k = NULL;
}

static void
begin(int n)
{
	snprintf(path, sizeof(path), "/tmp/shmif_test.%d", host_getpid());
	(void)host_linux.unlink(path);
	for (int i = 0; i < n; i++)
		boot_one(&hosts[i]);
}

static void
end(int n)
{
	for (int i = 0; i < n; i++)
		halt_one(&hosts[i]);
	(void)host_linux.unlink(path);
}

static int
send_number(struct host *h, uint32_t number, size_t len)
{
	static const uint8_t zeros[1600];
	uint8_t header[18];
	struct mbuf *m;
	int error;

	memset(header, 0xff, 6);
	memcpy(header + 6, h->ifp->if_lladdr, 6);
	be16_put(header + 12, ETHERTYPE_IP);
	memcpy(header + 14, &number, 4);
	if ((m = m_devget(h->k, header, sizeof(header), NULL)) == NULL)
		return -ENOMEM;
	if (len > sizeof(header)) {
		if ((error = m_append(m, len - sizeof(header), zeros)) != 0) {
			m_freem(m);
			return error;
		}
		m->m_pkthdr.len = (uint32_t)len;
	}
	net_rdlock(h->k);
	error = if_transmit(h->ifp, m);
	net_unlock(h->k);
	net_run(h->k);
	return error;
}

/* Until the host has got so many; false after 10 s. */
static bool
gets(struct host *h, unsigned n)
{
	for (int i = 0; i < 10000 && h->got < n; i++)
		host_sleep_ns(1000000);
	return h->got >= n;
}

TEST(shmif_frames_cross)
{
	begin(3);
	CHECK_EQ(send_number(&hosts[0], 1, 60), 0);
	CHECK(gets(&hosts[1], 1) && gets(&hosts[2], 1));
	CHECK_EQ(hosts[1].last, 1);
	CHECK_EQ(hosts[0].got, 0);
	CHECK_EQ(send_number(&hosts[0], 2, 1514), 0);
	CHECK_EQ(send_number(&hosts[0], 2, 1515), -EMSGSIZE);
	CHECK_EQ(hosts[0].ifp->if_oerrors, 1);
	CHECK(gets(&hosts[1], 2));
	/* One is down meanwhile: only what comes later. */
	CHECK_EQ(up(&hosts[1], false), 0);
	CHECK_EQ(send_number(&hosts[1], 3, 60), -ENETDOWN);
	CHECK_EQ(send_number(&hosts[0], 4, 60), 0);
	CHECK(gets(&hosts[2], 3));
	CHECK_EQ(up(&hosts[1], true), 0);
	CHECK_EQ(send_number(&hosts[0], 5, 60), 0);
	CHECK(gets(&hosts[1], 3));
	CHECK_EQ(hosts[1].last, 5);
	CHECK(gets(&hosts[2], 4));
	end(3);
}

/* In order, none lost as long as the reader is not a whole round behind. */
TEST(shmif_many_frames_come_in_order)
{
	begin(2);
	for (uint32_t i = 1; i <= 20000; i++) {
		CHECK_EQ(send_number(&hosts[0], i, 60 + i % 1400), 0);
		if (i % 300 == 0) {
			CHECK(gets(&hosts[1], i));
			CHECK_EQ(hosts[1].last, i);
		}
	}
	CHECK(gets(&hosts[1], 20000));
	CHECK_EQ(hosts[1].ifp->if_ierrors, 0);
	end(2);
}

static void
cut(int64_t size)
{
	int fd;

	CHECK_EQ(host_linux.open(path, O_RDWR, 0, &fd), 0);
	CHECK_EQ(host_linux.ftruncate(fd, size), 0);
	CHECK_EQ(host_linux.close(fd), 0);
}

/* Somebody cuts the file, to nothing or to a part: nobody dies, the bus goes on. */
TEST(shmif_cut_bus_is_made_whole)
{
	static const long sizes[] = { 0, 1, 4096, 500000, 1048575 };
	uint32_t number = 100;

	begin(2);
	for (int i = 0; i < 5; i++) {
		cut(sizes[i]);
		if (i % 2 == 0)
			host_sleep_ns(20000000);
		for (int n = 0; n < 10; n++) {
			unsigned before = hosts[1].got;

			CHECK_EQ(send_number(&hosts[0], ++number, 60), 0);
			for (int ms = 0; ms < 200 && hosts[1].got == before;
			     ms++)
				host_sleep_ns(1000000);
		}
		CHECK_EQ(hosts[1].last, number);
		for (int n = 0; n < 10; n++)
			CHECK_EQ(send_number(&hosts[1], ++number, 60), 0);
		for (int ms = 0; ms < 5000 && hosts[0].last != number; ms++)
			host_sleep_ns(1000000);
		CHECK_EQ(hosts[0].last, number);
	}
	end(2);
}

static _Atomic bool cutting;

static void
cutter(void *arg)
{
	static const int64_t sizes[] = { 0, 4096, 0, 1000, 600000 };

	(void)arg;
	for (unsigned i = 0; cutting; i++) {
		cut(sizes[i % 5]);
		/* Whole again at once, or left to those who use it. */
		if (i % 3 == 0)
			cut(BUSMEM_SIZE);
		host_sleep_ns(50000);
	}
}

/* The same while frames are on their way in both directions, in the middle of whatever is done to the bus. */
TEST(shmif_bus_may_be_cut_at_any_time)
{
	struct host_thread *t;
	uint32_t number = 1000;
	int64_t until;

	begin(2);
	cutting = true;
	CHECK_EQ(host_thread_create("cutter", cutter, NULL, &t), 0);
	until = host_linux.monotonic() + 1000000000;
	while (host_linux.monotonic() < until) {
		for (int i = 0; i < 50; i++) {
			(void)send_number(&hosts[0], number, 1500);
			(void)send_number(&hosts[1], number++, 1500);
		}
		net_run(hosts[0].k);
		net_run(hosts[1].k);
	}
	cutting = false;
	host_thread_join(t);
	number = 1 << 30;
	for (int n = 0; n < 100 && hosts[1].last < 1 << 30; n++) {
		CHECK_EQ(send_number(&hosts[0], ++number, 60), 0);
		net_run(hosts[0].k);
		for (int ms = 0; ms < 100 && hosts[1].last != number; ms++)
			host_sleep_ns(1000000);
	}
	CHECK(hosts[1].last >= 1 << 30);
	end(2);
}

TEST(shmif_damaged_bus_goes_on)
{
	uint32_t number = 100, state = 1;
	void *mem;
	struct shmif_mem *bus;
	int fd;

	begin(2);
	CHECK_EQ(netdev_map(path, BUSMEM_SIZE, SHMIF_MAGIC, &fd, &mem), 0);
	bus = mem;
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 1000; i++) {
			state = state * 1103515245 + 12345;
			bus->shm_data[(state >> 8) % 4096] = (uint8_t)(state >>
			    16);
		}
		if (round % 3 == 0)
			bus->shm_first = state;
		if (round % 3 == 1)
			bus->shm_last = state;
		if (round % 5 == 0)
			bus->shm_gen += state % 7;
		for (int n = 0; n < 100 && hosts[1].last != number; n++) {
			CHECK_EQ(send_number(&hosts[0], ++number, 60), 0);
			for (int ms = 0; ms < 100 && hosts[1].last != number;
			     ms++)
				host_sleep_ns(1000000);
		}
		CHECK_EQ(hosts[1].last, number);
		number++;
	}
	netdev_unmap(fd, mem, BUSMEM_SIZE);
	end(2);
}

/* Nobody waits for ever for one who died with the lock, senders and receivers neither. */
TEST(shmif_dead_lock_holder_is_replaced)
{
	void *mem;
	struct shmif_mem *bus;
	int fd;

	begin(2);
	CHECK_EQ(netdev_map(path, BUSMEM_SIZE, SHMIF_MAGIC, &fd, &mem), 0);
	bus = mem;
	bus->shm_owner = 0x7ffffff1;
	bus->shm_lock = 1;
	CHECK_EQ(send_number(&hosts[0], 7, 60), 0);
	CHECK(gets(&hosts[1], 1));
	CHECK_EQ(bus->shm_lock, 0);
	bus->shm_lock = 1;
	CHECK_EQ(send_number(&hosts[1], 8, 60), 0);
	CHECK(gets(&hosts[0], 1));
	netdev_unmap(fd, mem, BUSMEM_SIZE);
	end(2);
}

static int
linkstr(struct host *h, unsigned long cmd, unsigned long sub, char *data,
    size_t *len)
{
	struct ifdrv ifd = { .ifd_cmd = sub, .ifd_len = *len, .ifd_data = data };
	int error;

	net_wrlock(h->k);
	error = h->ifp->if_ops->ifo_ioctl(h->ifp, h->k->k_lwp0, cmd, &ifd);
	net_unlock(h->k);
	*len = ifd.ifd_len;
	return error;
}

TEST(shmif_link_string_as_recorded)
{
	struct host *h = &hosts[0];
	char buf[100], other[80];
	size_t len = 0;

	begin(1);
	CHECK_EQ(linkstr(h, SIOCGLINKSTR, IFLINKSTR_QUERYLEN, NULL, &len), 0);
	CHECK_EQ(len, strlen(path) + 1);
	len = sizeof(buf);
	CHECK_EQ(linkstr(h, SIOCGLINKSTR, 0, buf, &len), 0);
	CHECK_STR(buf, path);
	len = strlen(path) + 1;
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, 0, path, &len), -EBUSY);
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, IFLINKSTR_UNSET, NULL, &len), -EBUSY);
	CHECK_EQ(up(h, false), 0);
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, 0, path, &len), -EBUSY);
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, IFLINKSTR_UNSET, NULL, &len), 0);
	CHECK_EQ(linkstr(h, SIOCGLINKSTR, 0, buf, &len), -ENOENT);
	CHECK_EQ(up(h, true), -ENXIO);
	up(h, false);
	len = 0;
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, 0, path, &len), -EINVAL);
	len = 4;
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, 0, path, &len), -EINVAL);
	len = strlen(path) + 1;
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, 7, path, &len), -EINVAL);
	/* A file that is something else stays what it is. */
	snprintf(other, sizeof(other), "%s.other", path);
	FILE *f = fopen(other, "w");
	CHECK(f != NULL);
	fputs("precious", f);
	fclose(f);
	len = strlen(other) + 1;
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, 0, other, &len), -ENOEXEC);
	f = fopen(other, "r");
	CHECK_EQ(fread(buf, 1, sizeof(buf), f), 8);
	fclose(f);
	(void)host_linux.unlink(other);
	len = 6;
	CHECK(linkstr(h, SIOCSLINKSTR, 0, (char[]){ "/proc" }, &len) < 0);
	/* And on a bus again. */
	len = strlen(path) + 1;
	CHECK_EQ(linkstr(h, SIOCSLINKSTR, 0, path, &len), 0);
	CHECK_EQ(up(h, true), 0);
	CHECK_EQ(send_number(h, 1, 60), 0);
	end(1);
}

TEST(shmif_mtu_is_ethernets_or_less)
{
	struct ifnet *ifp;

	begin(1);
	ifp = hosts[0].ifp;
	CHECK_EQ(ifp->if_mtu, 1500);
	CHECK_EQ(ifp->if_ops->ifo_setmtu(ifp, 67), 0);
	CHECK_EQ(ifp->if_ops->ifo_setmtu(ifp, 0), -EINVAL);
	CHECK_EQ(ifp->if_ops->ifo_setmtu(ifp, 1501), -EINVAL);
	CHECK_EQ(ifp->if_lladdr[0], 0xb2);
	CHECK_EQ(ifp->if_lladdr[1], 0xa0);
	end(1);
}

static void
flood(void *arg)
{
	struct host *h = arg;

	for (uint32_t i = 0; i < 3000; i++)
		CHECK_THREAD(send_number(h, i, 60 + i % 500) == 0);
}

TEST(shmif_all_send_at_once_and_halt)
{
	struct host_thread *t[6];

	begin(3);
	for (int i = 0; i < 6; i++)
		CHECK_EQ(
		    host_thread_create("flood", flood, &hosts[i % 3], &t[i]), 0);
	for (int i = 0; i < 6; i++)
		host_thread_join(t[i]);
	for (int i = 0; i < 3; i++)
		CHECK(gets(&hosts[i], 1));
	end(3);
}

int
main(void)
{
	RUN(shmif_frames_cross);
	RUN(shmif_many_frames_come_in_order);
	RUN(shmif_cut_bus_is_made_whole);
	RUN(shmif_bus_may_be_cut_at_any_time);
	RUN(shmif_damaged_bus_goes_on);
	RUN(shmif_dead_lock_holder_is_replaced);
	RUN(shmif_link_string_as_recorded);
	RUN(shmif_mtu_is_ethernets_or_less);
	RUN(shmif_all_send_at_once_and_halt);
	return check_done();
}
