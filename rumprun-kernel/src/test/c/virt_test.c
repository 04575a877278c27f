/* SPDX-License-Identifier: BSD-2-Clause */
/* virt: frames between a kernel and the host, by a tap device; needs the right to make one. */
#include "host/netdev.h"
#include "net/if_tso.h"
#include "lib/check.h"
#include "lib/hosttap.h"

static struct rump_kernel *k;
static struct ifnet *ifp;
static _Atomic unsigned got;
static uint8_t last[64];
static char tap[16];

static const char *const parts[] = { "net", "net_net", "net_virtif", NULL };

static void
input(struct mbuf *m)
{
	memset(last, 0, sizeof(last));
	m_copydata(m, 0, m->m_pkthdr.len < 64 ? m->m_pkthdr.len : 64, last);
	m_freem(m);
	got++;
}

static int
link_tap(const char *name, unsigned long cmd)
{
	struct ifdrv ifd = { .ifd_cmd = cmd,
		.ifd_len = strlen(name) + 1,
		.ifd_data = (void *)(uintptr_t)name };
	int error;

	net_wrlock(k);
	error = ifp->if_ops->ifo_ioctl(ifp, k->k_lwp0, SIOCSLINKSTR, &ifd);
	net_unlock(k);
	return error;
}

static int
up(bool on)
{
	int error = 0;

	net_wrlock(k);
	if (on)
		error = if_up(ifp);
	else
		if_down(ifp);
	net_unlock(k);
	return error;
}

static void
begin(void)
{
	struct kern_config config = { .kc_components = parts };
	char name[IFNAMSIZ];

	got = 0;
	snprintf(tap, sizeof(tap), "rtap%d", host_getpid());
	CHECK_EQ(kern_boot(&config, &k), 0);
	net_setinput(k, NETPROTO_IP, input);
	net_wrlock(k);
	CHECK_EQ(if_clone_create(k, "virt", name), 0);
	ifp = if_byname(k, "virt0");
	net_unlock(k);
	CHECK(ifp != NULL);
}

static void
end(void)
{
	int64_t leak = -1;

	kern_halt(k, true, &leak);
	CHECK_EQ(leak, 0);
}

TEST(virt_without_tap)
{
	char name[40];

	begin();
	CHECK_EQ(up(true), -ENXIO);
	CHECK_EQ(link_tap(tap, 0), -EBUSY);
	up(false);
	memset(name, 'x', sizeof(name));
	name[39] = '\0';
	CHECK(link_tap(name, 0) < 0);
	CHECK(link_tap("", 0) < 0);
	CHECK_EQ(link_tap("", IFLINKSTR_UNSET), 0);
	end();
}

static struct mbuf *
frame(uint16_t type, size_t len)
{
	uint8_t f[1514] = { 0 };

	memset(f, 0xff, 6);
	memcpy(f + 6, ifp->if_lladdr, 6);
	be16_put(f + 12, type);
	for (size_t i = 14; i < len; i++)
		f[i] = (uint8_t)i;
	return m_devget(k, f, len, NULL);
}

TEST(virt_frames_cross)
{
	uint8_t f[2000] = { 0 };
	int fd;

	begin();
	if (link_tap(tap, 0) != 0) {
		printf("skipped: no right to make a tap device\n");
		end();
		return;
	}
	CHECK_EQ(link_tap(tap, 0), -EBUSY);
	CHECK_EQ(up(true), 0);
	CHECK_EQ(link_tap(tap, IFLINKSTR_UNSET), -EBUSY);
	if ((fd = hosttap_open(tap)) == -1) {
		printf("skipped: no right to use packet sockets\n");
		end();
		return;
	}
	for (size_t len = 60; len <= 1514; len += 727) {
		net_rdlock(k);
		CHECK_EQ(if_transmit(ifp, frame(0x88b5, len)), 0);
		net_unlock(k);
		CHECK_EQ(hosttap_recv(fd, 0x88b5, f, sizeof(f)), len);
		for (size_t i = 14; i < len; i++)
			CHECK_EQ(f[i], (uint8_t)i);
	}
	memcpy(f, ifp->if_lladdr, 6);
	be16_put(f + 12, ETHERTYPE_IP);
	memcpy(f + 14, "from the host", 13);
	for (unsigned n = 1; n <= 100; n++) {
		CHECK_EQ(hosttap_send(fd, f, 60 + n * 14), 60 + n * 14);
		for (int ms = 0; ms < 5000 && got < n; ms++)
			host_sleep_ns(1000000);
		CHECK_EQ(got, n);
	}
	CHECK(memcmp(last, "from the host", 13) == 0);
	/* Down: nothing in, nothing out. */
	CHECK_EQ(up(false), 0);
	net_rdlock(k);
	CHECK_EQ(if_transmit(ifp, frame(0x88b5, 60)), -ENETDOWN);
	net_unlock(k);
	CHECK_EQ(link_tap(tap, IFLINKSTR_UNSET), 0);
	CHECK_EQ(link_tap(tap, 0), 0);
	CHECK_EQ(up(true), 0);
	hosttap_close(fd);
	end();
}

int
main(void)
{
	RUN(virt_without_tap);
	RUN(virt_frames_cross);
	return check_done();
}
