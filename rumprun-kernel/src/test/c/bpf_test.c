/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF: the filter machine, programs that are refused, and /dev/bpf. */
#include <netbsd/sysctl.h>
#include <netbsd/time.h>
#include "dev_net.h"
#include "net/bpf_private.h"

#define STMT(c, k)                       \
	{                                \
		(uint16_t)(c), 0, 0, (k) \
	}
#define JUMP(c, k, t, f)                     \
	{                                    \
		(uint16_t)(c), (t), (f), (k) \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint8_t packet[] = { 0x45, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xfa, 0xfb,
	0xfc, 0xfd, 0xfe, 0xff };

static uint32_t
run(const struct bpf_insn *f)
{
	struct bpf_run r = {
		.p = packet, .buflen = sizeof(packet), .wirelen = 1000
	};

	return bpf_filter(f, &r, NULL);
}

/* One instruction on A = a, X = x; gives A. */
static uint32_t
one(uint16_t code, uint32_t k, uint32_t a, uint32_t x)
{
	const struct bpf_insn f[] = { STMT(BPF_LDX | BPF_IMM, x),
		STMT(BPF_LD | BPF_IMM, a), STMT(code, k),
		STMT(BPF_RET | BPF_A, 0) };

	CHECK(bpf_validate(f, COUNT(f), 0));
	return run(f);
}

TEST(filter_instructions_compute)
{
	CHECK_EQ(one(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0), 0x45010203);
	CHECK_EQ(one(BPF_LD | BPF_W | BPF_ABS, 12, 0, 0), 0xfcfdfeff);
	CHECK_EQ(one(BPF_LD | BPF_W | BPF_ABS, 13, 7, 0), 0);
	CHECK_EQ(one(BPF_LD | BPF_H | BPF_ABS, 14, 0, 0), 0xfeff);
	CHECK_EQ(one(BPF_LD | BPF_H | BPF_ABS, 15, 7, 0), 0);
	CHECK_EQ(one(BPF_LD | BPF_B | BPF_ABS, 15, 0, 0), 0xff);
	CHECK_EQ(one(BPF_LD | BPF_B | BPF_ABS, UINT32_MAX, 7, 0), 0);
	CHECK_EQ(one(BPF_LD | BPF_W | BPF_IND, 2, 0, 2), 0x04050607);
	CHECK_EQ(one(BPF_LD | BPF_W | BPF_IND, UINT32_MAX, 7, 5), 0);
	CHECK_EQ(one(BPF_LD | BPF_W | BPF_LEN, 0, 0, 0), 1000);
	CHECK_EQ(one(BPF_ALU | BPF_ADD | BPF_K, 3, UINT32_MAX, 0), 2);
	CHECK_EQ(one(BPF_ALU | BPF_SUB | BPF_X, 0, 3, 5), (uint32_t)-2);
	CHECK_EQ(one(BPF_ALU | BPF_MUL | BPF_K, 7, 6, 0), 42);
	CHECK_EQ(one(BPF_ALU | BPF_DIV | BPF_X, 0, 42, 5), 8);
	CHECK_EQ(one(BPF_ALU | BPF_DIV | BPF_X, 0, 42, 0), 0);
	CHECK_EQ(one(BPF_ALU | BPF_MOD | BPF_K, 5, 42, 0), 2);
	CHECK_EQ(one(BPF_ALU | BPF_MOD | BPF_X, 0, 42, 0), 0);
	CHECK_EQ(one(BPF_ALU | BPF_XOR | BPF_K, 0xff, 0x0f, 0), 0xf0);
	CHECK_EQ(one(BPF_ALU | BPF_OR | BPF_X, 0, 1, 2), 3);
	CHECK_EQ(one(BPF_ALU | BPF_AND | BPF_K, 6, 3, 0), 2);
	CHECK_EQ(one(BPF_ALU | BPF_LSH | BPF_K, 31, 1, 0), 0x80000000);
	CHECK_EQ(one(BPF_ALU | BPF_LSH | BPF_X, 0, 1, 32), 0);
	CHECK_EQ(one(BPF_ALU | BPF_RSH | BPF_X, 0, 0x100, 8), 1);
	CHECK_EQ(one(BPF_ALU | BPF_NEG, 0, 1, 0), UINT32_MAX);
	CHECK_EQ(one(BPF_MISC | BPF_TXA, 0, 1, 9), 9);
}

TEST(filter_jumps_and_words)
{
	const struct bpf_insn msh[] = { STMT(BPF_LDX | BPF_MSH | BPF_B, 0),
		STMT(BPF_STX, 15), STMT(BPF_LD | BPF_MEM, 15),
		JUMP(BPF_JMP | BPF_JGT | BPF_K, 19, 0, 2),
		JUMP(BPF_JMP | BPF_JGE | BPF_K, 21, 1, 0),
		STMT(BPF_RET | BPF_A, 0), STMT(BPF_RET | BPF_K, 1) };
	const struct bpf_insn set[] = { STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		STMT(BPF_LDX | BPF_IMM, 0x40),
		JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 3),
		STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_RET | BPF_K, 2),
		STMT(BPF_RET | BPF_K, 3), STMT(BPF_RET | BPF_K, 4) };

	CHECK(bpf_validate(msh, COUNT(msh), 0));
	CHECK_EQ(run(msh), 20);
	CHECK(bpf_validate(set, COUNT(set), 0));
	CHECK_EQ(run(set), 3);
	CHECK_EQ(run(NULL), UINT32_MAX);
}

static uint32_t
twice(struct bpf_run *r, uint32_t a)
{
	r->mem[2] = 77;
	return a * 2;
}

TEST(filter_functions_of_the_kernel_are_called)
{
	static bpf_copfunc_t *const cops[] = { twice };
	const struct bpf_insn f[] = { STMT(BPF_LD | BPF_MEM, 1),
		STMT(BPF_MISC | BPF_COP, 0), STMT(BPF_LDX | BPF_IMM, 0),
		STMT(BPF_MISC | BPF_COPX, 0), STMT(BPF_RET | BPF_A, 0) };
	const struct bpf_insn bad[] = { STMT(BPF_LDX | BPF_IMM, 1),
		STMT(BPF_MISC | BPF_COPX, 0), STMT(BPF_RET | BPF_K, 9) };
	uint32_t mem[BPF_MEMWORDS] = { 0, 21 };
	struct bpf_run r = {
		.p = packet, .buflen = sizeof(packet), .mem = mem, .ncops = 1
	};

	CHECK(!bpf_validate(f, COUNT(f), 0));
	CHECK(bpf_validate(f, COUNT(f), 1));
	CHECK_EQ(bpf_filter(f, &r, cops), 84);
	CHECK_EQ(mem[2], 77);
	CHECK(bpf_validate(bad, COUNT(bad), 1));
	CHECK_EQ(bpf_filter(bad, &r, cops), 0);
}

TEST(filter_hostile_programs_are_refused)
{
	static const struct bpf_insn ret = STMT(BPF_RET | BPF_K, 0);
	static const struct bpf_insn bad[] = {
		STMT(BPF_LD | BPF_MEM, BPF_MEMWORDS),
		STMT(BPF_LDX | BPF_MEM, UINT32_MAX),
		STMT(BPF_ST, BPF_MEMWORDS),
		STMT(BPF_STX, 0x80000000),
		STMT(BPF_ALU | BPF_DIV | BPF_K, 0),
		STMT(BPF_ALU | BPF_MOD | BPF_K, 0),
		STMT(BPF_ALU | 0xb0, 1),
		STMT(BPF_ALU | BPF_NEG | BPF_X, 0),
		STMT(BPF_JMP | BPF_JA, 1),
		STMT(BPF_JMP | BPF_JA, UINT32_MAX),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 255),
		STMT(BPF_JMP | 0x50, 0),
		STMT(BPF_RET | BPF_X, 0),
		STMT(BPF_LD | BPF_W | BPF_MSH, 0),
		STMT(BPF_LDX | BPF_W | BPF_ABS, 0),
		STMT(BPF_LD | 0x18 | BPF_ABS, 0),
		STMT(BPF_MISC | BPF_COP, 0),
		STMT(BPF_MISC | BPF_COPX, 0),
		STMT(BPF_MISC | 0xf8, 0),
		STMT(0x0100 | BPF_LD | BPF_IMM, 0),
		STMT(0xff00 | BPF_ALU | BPF_ADD, 0),
		STMT(0x1000 | BPF_ST, 0),
	};
	static struct bpf_insn many[BPF_MAXINSNS + 1];

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct bpf_insn f[2] = { bad[i], ret };

		if (bpf_validate(f, 2, 0))
			CHECK_EQ((long)i, -1);
	}
	CHECK(!bpf_validate(&ret, 0, 0));
	CHECK(!bpf_validate(NULL, 1, 0));
	CHECK(bpf_validate(&ret, 1, 0));
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = ret;
	CHECK(bpf_validate(many, BPF_MAXINSNS, 0));
	CHECK(!bpf_validate(many, BPF_MAXINSNS + 1, 0));
	many[3] = (struct bpf_insn)STMT(BPF_LD | BPF_IMM, 1);
	CHECK(!bpf_validate(many, 4, 0));
}

static uint64_t seed = 1;
static uint32_t
rnd(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33);
}

/* Programs at random, of codes that are likely to be accepted. */
static void
make(struct bpf_insn *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		f[i].code = (uint16_t)(rnd() & (rnd() % 8 == 0 ? 0x1ff : 0xbf));
		f[i].jt = (uint8_t)(rnd() % (n + 1));
		f[i].jf = (uint8_t)(rnd() % (n + 1));
		f[i].k = rnd() % 4 == 0 ? rnd() : rnd() % 24;
	}
	f[n - 1].code = rnd() % 2 == 0 ? BPF_RET | BPF_A : BPF_RET | BPF_K;
}

/* Whatever is accepted ends, stays inside, and sees the same in one piece and in many. */
TEST(filter_random_programs_are_harmless)
{
	struct mbuf *m, *last;
	struct bpf_insn f[12];
	struct fixture x;
	unsigned accepted = 0;

	up_local(&x);
	m = last = m_gethdr(x.k, MT_DATA);
	CHECK(m != NULL);
	for (size_t i = 0; i < sizeof(packet);) {
		size_t n = i == 0 ? 3 : 1 + i % 4;

		if (n > sizeof(packet) - i)
			n = sizeof(packet) - i;
		if (i > 0) {
			last->m_next = m_get(x.k, MT_DATA);
			last = last->m_next;
		}
		CHECK(last != NULL);
		memcpy(last->m_data, packet + i, n);
		last->m_len = (uint32_t)n;
		i += n;
	}
	m->m_pkthdr.len = sizeof(packet);
	for (int i = 0; i < 300000; i++) {
		size_t n = 1 + rnd() % COUNT(f);
		struct bpf_run chain = { .m = m, .wirelen = sizeof(packet) };
		struct bpf_run flat = { .p = packet,
			.buflen = sizeof(packet),
			.wirelen = sizeof(packet) };

		make(f, n);
		if (!bpf_validate(f, n, 0))
			continue;
		accepted++;
		if (bpf_filter(f, &chain, NULL) != bpf_filter(f, &flat, NULL)) {
			CHECK_EQ(i, -1);
			break;
		}
	}
	CHECK(accepted > 1000);
	m_freem(m);
	down(&x);
}

/* --- the device --- */

static const uint8_t other[6] = { 2, 0, 0, 0, 0, 7 };
static const uint8_t third[6] = { 2, 0, 0, 0, 0, 8 };

static long
b_open(struct nets *n, const char *ifname, unsigned size, int flags)
{
	struct ifreq ifr = { 0 };
	unsigned on = 1;
	long fd = l_open(n->f.l, "/dev/bpf", O_RDWR | flags, 0);

	CHECK(fd >= 0);
	CHECK_EQ(l_ioctl(n->f.l, fd, BIOCSBLEN, &size), 0);
	memcpy(ifr.ifr_name, ifname, strlen(ifname));
	CHECK_EQ(l_ioctl(n->f.l, fd, BIOCSETIF, &ifr), 0);
	CHECK_EQ(l_ioctl(n->f.l, fd, BIOCIMMEDIATE, &on), 0);
	return fd;
}

TEST(device_shows_what_comes_and_goes)
{
	uint8_t f[128], buf[512], mac[6];
	struct bpf_hdr h;
	struct bpf_stat st;
	struct nets n;
	size_t len, at;
	long fd, got;

	n_begin(&n, 1);
	n_lladdr(&n, "tap0", mac);
	while (n_get_any(&n, 0, f, sizeof(f)) > 0)
		continue;
	fd = b_open(&n, "tap", 512, O_NONBLOCK);
	CHECK_EQ(l_read(n.f.l, fd, buf, sizeof(buf)), -EAGAIN);
	CHECK_EQ(l_read(n.f.l, fd, buf, 100), -EINVAL);
	CHECK_EQ(l_poll(n.f.l, fd, POLLIN, 0), 0);
	len = n_frame(f, mac, other, 0x1234, 33, 5);
	n_put(&n, 0, f, len);
	n_put(&n, 0, f, 20);
	CHECK_EQ(l_poll(n.f.l, fd, POLLIN, 0), POLLIN);
	got = l_read(n.f.l, fd, buf, sizeof(buf));
	CHECK(got > 0);
	memcpy(&h, buf, sizeof(h));
	CHECK_EQ(h.bh_caplen, len);
	CHECK_EQ(h.bh_datalen, len);
	CHECK_EQ((h.bh_hdrlen + 14) % (int)BPF_ALIGNMENT, 0);
	CHECK(h.bh_tstamp.tv_sec > 0);
	CHECK(memcmp(buf + h.bh_hdrlen, f, len) == 0);
	at = (h.bh_hdrlen + len + BPF_ALIGNMENT - 1) &
	    ~(size_t)(BPF_ALIGNMENT - 1);
	memcpy(&h, buf + at, sizeof(h));
	CHECK_EQ(h.bh_caplen, 20);
	CHECK_EQ(got, (long)(at + h.bh_hdrlen + 20));
	/* Put out by the device: with our address, unless it says otherwise. */
	len = n_frame(f, other, third, 0x1234, 10, 1);
	CHECK_EQ(l_write(n.f.l, fd, f, len), (long)len);
	CHECK_EQ(n_get(&n, 0, buf, sizeof(buf)), (long)len);
	CHECK(memcmp(buf + 6, mac, 6) == 0);
	unsigned on = 1;
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSHDRCMPLT, &on), 0);
	CHECK_EQ(l_write(n.f.l, fd, f, len), (long)len);
	CHECK_EQ(n_get(&n, 0, buf, sizeof(buf)), (long)len);
	CHECK(memcmp(buf, f, len) == 0);
	CHECK(l_read(n.f.l, fd, buf, sizeof(buf)) > 2 * (long)len);
	on = 0;
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSSEESENT, &on), 0);
	CHECK_EQ(l_write(n.f.l, fd, f, len), (long)len);
	CHECK_EQ(l_read(n.f.l, fd, buf, sizeof(buf)), -EAGAIN);
	CHECK_EQ(l_write(n.f.l, fd, f, 5), -EINVAL);
	uint8_t large[1600] = { 0 };
	CHECK_EQ(l_write(n.f.l, fd, large, sizeof(large)), -EMSGSIZE);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGSTATS, &st), 0);
	CHECK_EQ(st.bs_recv, 4);
	CHECK_EQ(st.bs_capt, 4);
	CHECK_EQ(st.bs_drop, 0);
	n_end(&n);
}

TEST(device_filters_and_drops)
{
	const struct bpf_insn ours[] = { STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1234, 0, 1),
		STMT(BPF_RET | BPF_K, 20), STMT(BPF_RET | BPF_K, 0) };
	struct bpf_program prog = { COUNT(ours),
		(struct bpf_insn *)(uintptr_t)ours };
	struct bpf_insn bad = STMT(BPF_JMP | BPF_JA, 0);
	uint8_t f[128], buf[256], mac[6];
	struct bpf_stat st;
	struct bpf_hdr h;
	struct nets n;
	size_t len;
	long fd;

	n_begin(&n, 1);
	n_lladdr(&n, "tap0", mac);
	fd = b_open(&n, "tap0", 256, O_NONBLOCK);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSETF, &prog), 0);
	len = n_frame(f, mac, other, 0x4321, 40, 0);
	n_put(&n, 0, f, len);
	CHECK_EQ(l_read(n.f.l, fd, buf, sizeof(buf)), -EAGAIN);
	be16_put(f + 12, 0x1234);
	n_put(&n, 0, f, len);
	CHECK(l_read(n.f.l, fd, buf, sizeof(buf)) > 0);
	memcpy(&h, buf, sizeof(h));
	CHECK_EQ(h.bh_caplen, 20);
	CHECK_EQ(h.bh_datalen, len);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGSTATS, &st), 0);
	CHECK(st.bs_recv >= 2);
	CHECK_EQ(st.bs_capt, 1);
	/* Two buffers of three records each, then no more. */
	for (int i = 0; i < 50; i++)
		n_put(&n, 0, f, len);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGSTATS, &st), 0);
	CHECK_EQ(st.bs_capt, 51);
	CHECK(st.bs_drop > 30);
	for (int i = 0; i < 2; i++)
		CHECK(l_read(n.f.l, fd, buf, sizeof(buf)) > 0);
	CHECK_EQ(l_read(n.f.l, fd, buf, sizeof(buf)), -EAGAIN);
	/* Bad programs change nothing. */
	prog = (struct bpf_program){ 1, &bad };
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSETF, &prog), -EINVAL);
	prog = (struct bpf_program){ 513, &bad };
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSETF, &prog), -EINVAL);
	prog = (struct bpf_program){ 1, NULL };
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSETF, &prog), -EINVAL);
	be16_put(f + 12, 0x4321);
	n_put(&n, 0, f, len);
	CHECK_EQ(l_read(n.f.l, fd, buf, sizeof(buf)), -EAGAIN);
	prog = (struct bpf_program){ 0, NULL };
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSETF, &prog), 0);
	n_put(&n, 0, f, len);
	CHECK(l_read(n.f.l, fd, buf, sizeof(buf)) > (long)len);
	n_end(&n);
}

TEST(device_requests)
{
	struct ifreq ifr = { 0 };
	struct bpf_version v;
	struct bpf_dltlist list = { 0, NULL };
	unsigned u = 5, dlts[4];
	struct nets n;
	long fd;

	n_begin(&n, 1);
	fd = l_open(n.f.l, "/dev/bpf", O_RDWR, 0);
	CHECK(fd >= 0);
	uint8_t *buf = malloc(BPF_DFLTBUFSIZE);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGBLEN, &u), 0);
	CHECK_EQ(u, BPF_DFLTBUFSIZE);
	CHECK_EQ(l_read(n.f.l, fd, buf, BPF_DFLTBUFSIZE), -ENXIO);
	CHECK_EQ(l_write(n.f.l, fd, buf, 60), -ENXIO);
	free(buf);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGETIF, &ifr), -EINVAL);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGDLT, &u), -EINVAL);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCPROMISC, NULL), -EINVAL);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGDLTLIST, &list), -EINVAL);
	memcpy(ifr.ifr_name, "nope0", 6);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSETIF, &ifr), -ENXIO);
	u = 1;
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSBLEN, &u), 0);
	CHECK_EQ(u, BPF_MINBUFSIZE);
	u = 1u << 30;
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSBLEN, &u), 0);
	CHECK_EQ(u, BPF_MAXBUFSIZE);
	u = 4096;
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSBLEN, &u), 0);
	memcpy(ifr.ifr_name, "tap0", 5);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSETIF, &ifr), 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSBLEN, &u), -EINVAL);
	memset(&ifr, 0, sizeof(ifr));
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGETIF, &ifr), 0);
	CHECK_STR(ifr.ifr_name, "tap0");
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGDLT, &u), 0);
	CHECK_EQ(u, DLT_EN10MB);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSDLT, &u), 0);
	u = DLT_NULL;
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSDLT, &u), -EINVAL);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGDLTLIST, &list), 0);
	CHECK_EQ(list.bfl_len, 1);
	list = (struct bpf_dltlist){ 4, dlts };
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGDLTLIST, &list), 0);
	CHECK_EQ(dlts[0], DLT_EN10MB);
	list = (struct bpf_dltlist){ 0, dlts };
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGDLTLIST, &list), -ENOMEM);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCVERSION, &v), 0);
	CHECK_EQ(v.bv_major, 1);
	CHECK_EQ(v.bv_minor, 1);
	/* Promiscuous as long as it is open. */
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCPROMISC, NULL), 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCPROMISC, NULL), 0);
	CHECK((n_flags(&n, "tap0") & IFF_PROMISC) != 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGRTIMEOUT - 1, &u), -EINVAL);
	CHECK_EQ(l_close(n.f.l, fd), 0);
	CHECK((n_flags(&n, "tap0") & IFF_PROMISC) == 0);
	n_end(&n);
}

TEST(device_waits_no_longer_than_it_may)
{
	struct timeval tv = { 0, 20000 }, got;
	uint8_t f[64], buf[256], mac[6];
	struct kevent ev;
	unsigned off = 0;
	struct nets n;
	size_t len;
	long fd, kq;

	n_begin(&n, 1);
	n_lladdr(&n, "tap0", mac);
	fd = b_open(&n, "tap0", 256, 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCIMMEDIATE, &off), 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSSEESENT, &off), 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCSRTIMEOUT, &tv), 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCGRTIMEOUT, &got), 0);
	CHECK_EQ(got.tv_usec, 20000);
	CHECK_EQ(l_ioctl(n.f.l, fd, BIOCFLUSH, NULL), 0);
	CHECK_EQ(l_read(n.f.l, fd, buf, sizeof(buf)), 0);
	len = n_frame(f, mac, other, 0x1234, 20, 0);
	n_put(&n, 0, f, len);
	CHECK(l_read(n.f.l, fd, buf, sizeof(buf)) > (long)len);
	/* poll, too: what is stored is readable when the time is over. */
	n_put(&n, 0, f, len);
	CHECK_EQ(l_poll(n.f.l, fd, POLLIN, 0), 0);
	CHECK_EQ(l_poll(n.f.l, fd, POLLIN, 10000), POLLIN);
	CHECK(l_read(n.f.l, fd, buf, sizeof(buf)) > (long)len);
	kq = l_kqueue(n.f.l);
	CHECK_EQ(l_kevent(n.f.l, kq, fd, EVFILT_WRITE, &ev), EINVAL);
	CHECK_EQ(l_kevent(n.f.l, kq, fd, EVFILT_READ, &ev), -1);
	for (int i = 0; i < 8; i++)
		n_put(&n, 0, f, len);
	CHECK(l_kevent(n.f.l, kq, fd, EVFILT_READ, &ev) > 0);
	CHECK(ev.data > 0);
	/* The interface goes: readers hear of it. */
	CHECK_EQ(n_destroy(&n, "tap0"), 0);
	CHECK_EQ(l_read(n.f.l, fd, buf, sizeof(buf)), -ENXIO);
	CHECK_EQ(l_write(n.f.l, fd, f, len), -ENXIO);
	CHECK_EQ(l_poll(n.f.l, fd, POLLIN, 0), POLLIN);
	n_end(&n);
}

struct reader {
	long fd;
};

static long
read_one(struct lwp *l, void *arg)
{
	struct reader *r = arg;
	uint8_t buf[256];

	return l_read(l, r->fd, buf, sizeof(buf));
}

/* A reader who sleeps wakes up when the interface goes; the other listener is not disturbed by the first one's close. */
TEST(device_sleeper_wakes_when_the_interface_goes)
{
	struct reader r;
	struct nets n;
	struct side side;
	long second, result;

	n_begin(&n, 1);
	r.fd = b_open(&n, "tap0", 256, 0);
	second = b_open(&n, "tap0", 256, O_NONBLOCK);
	CHECK_EQ(l_ioctl(n.f.l, r.fd, BIOCFLUSH, NULL), 0);
	side_begin(&side, n.f.p, read_one, &r);
	CHECK_EQ(l_close(n.f.l, second), 0);
	host_sleep_ns(20 * MS);
	CHECK_EQ(n_destroy(&n, "tap0"), 0);
	result = side_end(&side);
	CHECK(result == -ENXIO || result > 0);
	n_end(&n);
}

/* --- sysctl net.bpf --- */

static long
l_sysctl(struct lwp *l, const int *mib, unsigned n, void *old, size_t *len)
{
	struct sys___sysctl_args a;
	register_t rv[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, name) = mib;
	SCARG(&a, namelen) = n;
	SCARG(&a, oldv) = old;
	SCARG(&a, oldlenp) = len;
	return kern_syscall(l, SYS___sysctl, &a, rv);
}

/* The number of a name below mib[0..n-1]. */
static int
number(struct lwp *l, int *mib, unsigned n, const char *name)
{
	static struct sysctlnode nodes[128];
	size_t len = sizeof(nodes);

	memset(nodes, 0, sizeof(nodes));
	mib[n] = CTL_QUERY;
	CHECK_EQ(l_sysctl(l, mib, n + 1, nodes, &len), 0);
	for (size_t i = 0; i < len / sizeof(nodes[0]); i++)
		if (strcmp(nodes[i].sysctl_name, name) == 0)
			return nodes[i].sysctl_num;
	CHECK_STR("", name);
	return 0;
}

TEST(listeners_are_listed)
{
	struct bpf_d_ext peers[4];
	uint8_t f[64], mac[6];
	struct bpf_stat st;
	struct nets n;
	int mib[6] = { CTL_NET };
	size_t len = sizeof(st);
	long fd;

	n_begin(&n, 1);
	n_lladdr(&n, "tap0", mac);
	fd = b_open(&n, "tap0", 256, O_NONBLOCK);
	n_put(&n, 0, f, n_frame(f, mac, other, 0x1234, 20, 0));
	mib[1] = number(n.f.l, mib, 1, "bpf");
	mib[2] = number(n.f.l, mib, 2, "stats");
	CHECK_EQ(l_sysctl(n.f.l, mib, 3, &st, &len), 0);
	CHECK_EQ(len, sizeof(st));
	CHECK(st.bs_recv > 0 && st.bs_capt == st.bs_recv);
	mib[2] = number(n.f.l, mib, 2, "peers");
	mib[3] = sizeof(peers[0]);
	mib[4] = 4;
	len = sizeof(peers);
	CHECK_EQ(l_sysctl(n.f.l, mib, 5, peers, &len), 0);
	CHECK_EQ(len, sizeof(peers[0]));
	CHECK_STR(peers[0].bde_ifname, "tap0");
	CHECK_EQ(peers[0].bde_bufsize, 256);
	CHECK_EQ(peers[0].bde_immediate, 1);
	CHECK_EQ(peers[0].bde_pid, n.f.p->p_pid);
	CHECK(peers[0].bde_rcount > 0);
	CHECK_EQ(l_sysctl(n.f.l, mib, 3, peers, &len), -EINVAL);
	mib[3] = -1;
	CHECK_EQ(l_sysctl(n.f.l, mib, 5, peers, &len), -EINVAL);
	CHECK_EQ(l_close(n.f.l, fd), 0);
	mib[3] = 8;
	len = sizeof(peers);
	CHECK_EQ(l_sysctl(n.f.l, mib, 5, peers, &len), 0);
	CHECK_EQ(len, 0);
	n_end(&n);
}

TEST(loopback_is_shown_with_its_family)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };
	uint8_t buf[512];
	struct bpf_hdr h;
	struct nets n;
	uint32_t af;
	long fd;

	n_begin(&n, 0);
	fd = b_open(&n, "lo", 512, O_NONBLOCK);
	be32_put(&sin.sin_addr, INADDR_LOOPBACK);
	be16_put(&sin.sin_port, 9);
	CHECK_EQ(l_sendto(n.f.l, n.s, "hello", 5, 0, &sin, sizeof(sin)), 5);
	CHECK(l_read(n.f.l, fd, buf, sizeof(buf)) > 0);
	memcpy(&h, buf, sizeof(h));
	CHECK_EQ(h.bh_caplen, 4 + 20 + 8 + 5);
	memcpy(&af, buf + h.bh_hdrlen, 4);
	CHECK_EQ(af, AF_INET);
	CHECK_EQ(buf[h.bh_hdrlen + 4], 0x45);
	n_end(&n);
}

int
main(void)
{
	RUN(filter_instructions_compute);
	RUN(filter_jumps_and_words);
	RUN(filter_functions_of_the_kernel_are_called);
	RUN(filter_hostile_programs_are_refused);
	RUN(filter_random_programs_are_harmless);
	RUN(device_shows_what_comes_and_goes);
	RUN(device_filters_and_drops);
	RUN(device_requests);
	RUN(device_waits_no_longer_than_it_may);
	RUN(device_sleeper_wakes_when_the_interface_goes);
	RUN(listeners_are_listed);
	RUN(loopback_is_shown_with_its_family);
	return check_done();
}
