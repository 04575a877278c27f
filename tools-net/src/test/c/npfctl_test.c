/* SPDX-License-Identifier: BSD-2-Clause */
/* npfctl: its language, what rules' byte code says of packets, requests, and answers of any kernel. */
#include "lib/check.h"
#include "lib/fake_net.h"
#include "host/sock.h"
#include "net/bpf_var.h"
#include "npfctl/npfctl.h"
#include <netbsd/sysctl.h>

static struct fake_net f;
static uint8_t list[4096];

/* --- a world: one file, two interfaces, a kernel that answers requests as the test says --- */

static const char *file; /* what every open file holds, but /t */
static const char *table;
static size_t file_len, file_at;
static bool at_table;
static char written[65536];
static size_t written_len;
/* IOC_NPF_*: the last property list that came; what goes back, or an error. */
static char *request;
static const char *answer;
static int npf_error;

static int
npf_ioctl(struct fake_net *fake, unsigned long com, void *data)
{
	struct plistref *ref = data;

	(void)fake;
	if (com == IOC_NPF_VERSION) {
		*(int *)data = NPF_VERSION;
		return 0;
	}
	if (com == IOC_NPF_LOAD || com == IOC_NPF_SAVE || com == IOC_NPF_RULE) {
		if (com != IOC_NPF_SAVE) {
			free(request);
			request = malloc(ref->pref_len);
			memcpy(request, ref->pref_plist, ref->pref_len);
		}
		if (npf_error != 0)
			return npf_error;
		if (answer != NULL) {
			ref->pref_len = strlen(answer) + 1;
			ref->pref_plist = sock_anonmmap(ref->pref_len);
			memcpy(ref->pref_plist, answer, ref->pref_len);
		}
		return 0;
	}
	return npf_error;
}

static int
call(struct fake_net *fake, int num, const void *args, register_t rv[2])
{
	(void)fake;
	if (num == SYS_open) {
		const struct sys_open_args *a = args;

		file_at = written_len = 0;
		at_table = strcmp(a->path.datum, "/t") == 0;
		if (file == NULL && strcmp(a->path.datum, "/dev/npf") != 0 &&
		    (a->flags.datum & O_CREAT) == 0)
			return -ENOENT;
		rv[0] = 5;
		return 0;
	}
	if (num == SYS_read &&
	    ((const struct sys_read_args *)args)->fd.datum == 5) {
		const struct sys_read_args *a = args;
		size_t n = (at_table ? strlen(table) : file_len) - file_at;

		if (n > a->nbyte.datum)
			n = a->nbyte.datum;
		memcpy(a->buf.datum, (at_table ? table : file) + file_at, n);
		file_at += n;
		rv[0] = (register_t)n;
		return 0;
	}
	if (num == SYS_write &&
	    ((const struct sys_write_args *)args)->fd.datum == 5) {
		const struct sys_write_args *a = args;

		CHECK(written_len + a->nbyte.datum < sizeof(written));
		memcpy(written + written_len, a->buf.datum, a->nbyte.datum);
		written_len += a->nbyte.datum;
		rv[0] = (register_t)a->nbyte.datum;
		return 0;
	}
	return -ENOSYS;
}

static void
setup(void)
{
	struct sockaddr_in a = { .sin_len = sizeof(a), .sin_family = AF_INET };
	struct sockaddr_in6 b = { .sin6_len = sizeof(b),
		.sin6_family = AF_INET6 };
	size_t n;

	memset(&f, 0, sizeof(f));
	f.ioctl = npf_ioctl;
	f.call = call;
	file = NULL;
	file_len = 0;
	answer = NULL;
	npf_error = 0;
	t_inet_aton("10.0.0.2", &a.sin_addr.s_addr);
	t_inet_pton6("2001:db8::2", b.sin6_addr.__u6_addr.__u6_addr8);
	n = fake_if(list, 0, 1, "lo0", IFF_UP, 0);
	n = fake_if(list, n, 2, "shmif0", IFF_UP, 6);
	n = fake_ifa(list, n, 2, &a, NULL, NULL);
	n = fake_ifa(list, n, 2, &b, NULL, NULL);
	n = fake_if(list, n, 3, "npflog0", IFF_UP, 0);
	f.list[NET_RT_IFLIST].data = list;
	f.list[NET_RT_IFLIST].len = n;
}

static int
run_with(const char *text, size_t len, const char *line)
{
	setup();
	file = text;
	file_len = len;
	return fake_net_run(&f, npfctl_main, line);
}

/* What validate says of a configuration. */
static const char *
validate(const char *text)
{
	run_with(text, strlen(text), "npfctl validate /c");
	return f.out;
}

/* The rule, as validate shows it. */
static const char *
rule(const char *text)
{
	char conf[4096];
	const char *p;

	snprintf(conf, sizeof(conf),
	    "table <t> type hash dynamic\ntable <u> type tree dynamic\n"
	    "procedure \"log\" {\n\tlog: npflog0\n}\n"
	    "group default {\n%s\n}\n",
	    text);
	p = strstr(validate(conf), "group \n\t");
	return p != NULL ? p + 8 : f.out;
}

/* --- the language --- */

TEST(parse_errors_tell_the_place)
{
	static const struct {
		const char *conf, *says;
	} cases[] = {
		{ "group default {\npass all\n",
		    "/c:3:0: syntax error near ''\n" },
		{ "group default {\n\tpass nonsense all\n}\n",
		    "/c:2:14: syntax error near 'nonsense'\n" },
		{ "nonsense\n", "/c:1:8: syntax error near 'nonsense'\n" },
		{ "group default { pass all }\ngroup default { block all }\n",
		    "/c:2:13: multiple default groups are not valid near 'default'\n" },
		{ "$a = 10.0.0.1\n\ngroup default { pass from $b }\n",
		    "/c:3:28: undefined variable 'b' near '$b'\n" },
		{ "table <t> type nosuch dynamic\n",
		    "/c:1:21: syntax error near 'nosuch'\n" },
		{ "group default {\n\tpass from <nosuch>\n}\n",
		    "/c:2:19: table 'nosuch' is not defined near '<nosuch>'\n" },
		{ "group default {\n\tpass from 10.0.0.300\n}\n",
		    "/c:2:0: cannot parse '10.0.0.300' (hostname nor servname provided, or not known)\n" },
		{ "group default {\n\tpass proto nosuch all\n}\n",
		    "/c:2:18: unknown protocol 'nosuch' near 'nosuch'\n" },
		{ "group default {\n\tpass all apply \"nosuch\"\n}\n",
		    "/c:2:24: rule procedure 'nosuch' is not defined near '\"nosuch\"'\n" },
		{ "set nosuch 5\n", "/c:1:10: syntax error near 'nosuch'\n" },
		{ "", "npfctl: default group was not defined\n" },
		{ "group default { pass from 10.0.0.0/33 }\n",
		    "/c:1:37: invalid netmask '33' near '33'\n" },
		{ "group default { pass proto tcp to any port 9-8 }\n",
		    "/c:1:46: invalid port range '9-8' near '8'\n" },
		{ "group default { pass family inet6 from 10.0.0.1 }\n",
		    "/c:1:49: address does not match the family near '}'\n" },
		{ "group default { pass proto udp flags S all }\n",
		    "/c:1:36: syntax error near 'flags'\n" },
		{ "map shmif0 dynamic 10.0.0.0/8 -> any\ngroup default { pass all }\n",
		    "/c:1:0: no translation address\n" },
		{ "group default { pass proto icmp to any port 1 }\n",
		    "/c:1:47: the protocol has no ports near '}'\n" },
		{ "alg \"ftp\"\n",
		    "/c:1:9: unknown ALG 'ftp' near '\"ftp\"'\n" },
		{ "table <t> type cdb dynamic\n",
		    "/c:1:26: tables of type 'cdb' must be static near 'dynamic'\n" },
		{ "group default { pass pcap-filter \"tcp and (\" }\n",
		    "/c:1:44: pcap-filter: syntax error near '\"tcp and (\"'\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_STR(validate(cases[i].conf), cases[i].says);
		CHECK_EQ(run_with(cases[i].conf, strlen(cases[i].conf),
			     "npfctl validate /c"),
		    1);
	}
}

TEST(parse_rules_are_shown_with_what_they_mean)
{
	static const struct {
		const char *conf, *shown;
	} cases[] = {
		{ "pass all", "pass all \n" },
		{ "block", "block all \n" },
		{ "pass in final family inet6 proto udp from any to any port 53",
		    "pass in final family inet6 proto udp to any port 53 \n" },
		{ "pass stateful-ends out final proto tcp all",
		    "pass stateful-ends out final proto tcp \n" },
		{ "block return out on shmif0 from ! 10.0.0.0/8",
		    "block return out on shmif0 family inet4 from ! 10.0.0.0/8 \n" },
		{ "pass from { 10.0.0.1, 2001:db8::/32, <t> } to <u>",
		    "pass from { 10.0.0.1, 2001:db8::/32, <t> } to <u> \n" },
		{ "pass from inet6(shmif0) to 2001:db8::1",
		    "pass family inet6 from 2001:db8::2 to 2001:db8::1 \n" },
		{ "pass to ifaddrs(shmif0)",
		    "pass to { 10.0.0.2, 2001:db8::2 } \n" },
		{ "pass family inet4 to shmif0",
		    "pass family inet4 to 10.0.0.2 \n" },
		{ "pass proto ipv6-icmp icmp-type neighbrsol all",
		    "pass proto ipv6-icmp icmp-type 135 \n" },
		{ "pass proto icmp icmp-type unreach code needfrag all",
		    "pass proto icmp icmp-type 3 code 4 \n" },
		{ "pass proto 6 flags SA/SAFR all",
		    "pass proto tcp flags SA/SFRA \n" },
		{ "pass from 10.0.0.0/255.255.0.0",
		    "pass family inet4 from 10.0.0.0/16 \n" },
		{ "block in final pcap-filter \"tcp and dst 10.1.1.252\"",
		    "block in final pcap-filter \"tcp and dst 10.1.1.252\" \n" },
		{ "pass all apply \"log\"", "pass all apply \"log\" \n" },
		{ "pass proto tcp \\\n\tfrom 10.0.0.1 # why\n",
		    "pass family inet4 proto tcp from 10.0.0.1 \n" },
		{ "pass in all; block out all",
		    "pass in all \n\tblock out all \n" },
		{ "group \"g\" in on lo0 {\npass all\ngroup \"h\" {\nblock all\n}\n}\nblock all",
		    "group \"g\" in on lo0 \n\t\tpass all \n\t\tgroup \"h\" \n\t\t\tblock all \n\tblock all \n" },
		{ "ruleset \"r\" out on shmif0",
		    "ruleset \"r\" out on shmif0 all \n" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_STR(rule(cases[i].conf), cases[i].shown);
}

TEST(parse_maps_procedures_and_tables)
{
	CHECK_STR(
	    validate(
		"$ext = { inet4(shmif0) }\nalg \"icmp\"\nset bpf.jit on\n"
		"table <a> type tree dynamic\n"
		"procedure \"p\" {\n"
		"\tnormalize: \"random-id\", \"min-ttl\" 64, \"max-mss\" 1432\n"
		"\trndblock: percentage 2.5\n"
		"\tlog: npflog0\n"
		"}\n"
		"map $ext dynamic 10.1.1.0/24 -> $ext\n"
		"map $ext dynamic proto tcp 10.1.1.2 port 22 <- $ext port 9022\n"
		"map $ext dynamic 10.1.1.3 port 25 <- 10.0.0.3\n"
		"map $ext static algo npt66 fd00::/48 <-> 2001:db8:1::/48\n"
		"map $ext dynamic 10.2.0.0/16 -> 10.0.0.9 pass proto udp to 10.9.9.9\n"
		"group default {\n\tpass all\n}\n"),
	    "table <a> type tree\n"
	    "procedure \"p\"\n"
	    "\tnormalize: \"max-mss\" 1432, \"min-ttl\" 64, \"random-id\"\n"
	    "\trndblock: \"percentage\" 2.50\n"
	    "\tlog: npflog0\n"
	    "\n"
	    "map shmif0 dynamic any -> 10.0.0.2 pass family inet4 from 10.1.1.0/24 \n"
	    "map shmif0 dynamic 10.1.1.2 port 22 <- any pass family inet4 proto tcp to 10.0.0.2 port 9022 \n"
	    "map shmif0 dynamic 10.1.1.3 port 25 <- any pass family inet4 proto { tcp, udp } to 10.0.0.3 \n"
	    "map shmif0 static algo npt66 fd00::/48 <- any pass family inet6 to 2001:db8:1::/48 \n"
	    "map shmif0 static algo npt66 any -> 2001:db8:1::/48 pass family inet6 from fd00::/48 \n"
	    "map shmif0 dynamic any -> 10.0.0.9 pass family inet4 proto udp from 10.2.0.0/16 to 10.9.9.9 \n"
	    "group \n\tpass all \n");
}

TEST(parse_default_group_comes_last)
{
	CHECK_STR(validate("group default {\nblock all\n}\n"
			   "group \"a\" on shmif0 {\npass all\n}\n"),
	    "\ngroup \"a\" on shmif0 \n\tpass all \ngroup \n\tblock all \n");
}

TEST(parse_hostile_text_is_refused_in_time)
{
	static char big[1 << 20];
	size_t n = 0;
	int i;

	/* Groups without end. */
	for (i = 0; i < 10000; i++)
		n += (size_t)sprintf(big + n, "group \"a\" {\n");
	CHECK_EQ(run_with(big, n, "npfctl validate /c"), 1);
	CHECK(strstr(f.out, "groups are nested too deep") != NULL);
	/* A list that doubles. */
	n = (size_t)sprintf(big, "$v0 = { 1, 2 }\n");
	for (i = 1; i < 64; i++)
		n += (size_t)sprintf(
		    big + n, "$v%d = { $v%d, $v%d }\n", i, i - 1, i - 1);
	CHECK_EQ(run_with(big, n, "npfctl validate /c"), 1);
	CHECK(strstr(f.out, "too many values") != NULL);
	/* A rule whose code is too long. */
	n = (size_t)sprintf(big, "group default { pass from { 10.0.0.0/30");
	for (i = 1; i < 1000; i++)
		n += (size_t)sprintf(
		    big + n, ", 10.%d.%d.0/30", i / 256, i % 256);
	n += (size_t)sprintf(big + n, " } }\n");
	CHECK_EQ(run_with(big, n, "npfctl validate /c"), 1);
	CHECK(strstr(f.out, "byte code is too long") != NULL);
	/* Parentheses without end. */
	n = (size_t)sprintf(big, "group default { pass pcap-filter \"");
	memset(big + n, '(', 100000);
	n += 100000;
	n += (size_t)sprintf(big + n, "\" }\n");
	CHECK_EQ(run_with(big, n, "npfctl validate /c"), 1);
	CHECK(strstr(f.out, "nested too deep") != NULL);
	/* No text at all. */
	CHECK_EQ(run_with("\"\0\xff", 3, "npfctl validate /c"), 1);
	CHECK_EQ(run_with("group \0", 7, "npfctl validate /c"), 1);
	CHECK_EQ(run_with("$", 1, "npfctl validate /c"), 1);
	CHECK_EQ(run_with("<", 1, "npfctl validate /c"), 1);
	CHECK_EQ(run_with("table <", 7, "npfctl validate /c"), 1);
}

/* --- what byte code says of packets --- */

static struct bpf_insn code[BPF_MAXINSNS];
static size_t code_len;
static const char *code_text;

static int
compile_main(struct tool *t, int argc, char **argv)
{
	struct conf *c = t_malloc(t, sizeof(*c));
	const struct plist *rules;
	const void *data = NULL;
	size_t len = 0;

	(void)argc;
	(void)argv;
	conf_init(c, t, "test", code_text, strlen(code_text));
	rules = plist_get(conf_parse(c), "rules");
	plist_get_data(plist_item(rules, 1), "code", &data, &len);
	if (len > sizeof(code))
		return 2;
	code_len = len / sizeof(code[0]);
	memcpy(code, data, len);
	return 0;
}

static void
compile(const char *text)
{
	static char conf[65536];

	snprintf(conf, sizeof(conf),
	    "table <t> type hash dynamic\ntable <u> type tree dynamic\n"
	    "group default {\n%s\n}\n",
	    text);
	setup();
	code_text = conf;
	if (fake_net_run(&f, compile_main, "test") != 0) {
		printf("%s\n", f.out);
		CHECK(!"compiles");
	}
	CHECK(code_len == 0 || bpf_validate(code, code_len, 2));
}

struct packet {
	uint8_t bytes[100];
	unsigned len, version, off, proto;
};

static uint32_t
cop_l3(struct bpf_run *r, uint32_t a)
{
	const struct packet *p = r->arg;

	(void)a;
	r->mem[MW_IPVER] = p->version;
	r->mem[MW_L4OFF] = p->off;
	r->mem[MW_L4PROTO] = p->proto;
	return p->version;
}

/* Table 0 has every source, table 1 every destination. */
static uint32_t
cop_table(struct bpf_run *r, uint32_t a)
{
	(void)r;
	return a == COP_TABLE_SRC || a == 1;
}

static bool
matches(const struct packet *p)
{
	static bpf_copfunc_t *const cops[] = { cop_l3, cop_table };
	uint32_t mem[BPF_MEMWORDS] = { 0 };
	struct bpf_run r = { .p = p->bytes,
		.buflen = p->len,
		.wirelen = p->len,
		.mem = mem,
		.arg = (void *)(uintptr_t)p,
		.ncops = 2 };

	return code_len == 0 || bpf_filter(code, &r, cops) != 0;
}

/* From and to by text; sport and dport, for ICMP type and code; TCP's flags. */
static struct packet
packet(const char *src, const char *dst, unsigned proto, unsigned a, unsigned b,
    unsigned flags)
{
	struct packet p = { .proto = proto };
	struct in6_addr s, d;
	uint32_t v4[2];

	if (t_inet_aton(src, &v4[0]) && t_inet_aton(dst, &v4[1])) {
		p.version = 4;
		p.off = 20;
		p.bytes[0] = 0x45;
		p.bytes[9] = (uint8_t)proto;
		memcpy(p.bytes + 12, v4, 8);
	} else {
		p.version = 6;
		p.off = 40;
		p.bytes[0] = 0x60;
		p.bytes[6] = (uint8_t)proto;
		CHECK(t_inet_pton6(src, (uint8_t *)&s));
		CHECK(t_inet_pton6(dst, (uint8_t *)&d));
		memcpy(p.bytes + 8, &s, 16);
		memcpy(p.bytes + 24, &d, 16);
	}
	if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
		p.bytes[p.off] = (uint8_t)a;
		p.bytes[p.off + 1] = (uint8_t)b;
	} else {
		p.bytes[p.off] = (uint8_t)(a >> 8);
		p.bytes[p.off + 1] = (uint8_t)a;
		p.bytes[p.off + 2] = (uint8_t)(b >> 8);
		p.bytes[p.off + 3] = (uint8_t)b;
		p.bytes[p.off + 13] = (uint8_t)flags;
	}
	p.len = p.off + 20;
	return p;
}

#define TCP4(s, sp, d, dp, fl) packet(s, d, IPPROTO_TCP, sp, dp, fl)
#define YES(...)                                \
	do {                                    \
		struct packet p_ = __VA_ARGS__; \
		CHECK(matches(&p_));            \
	} while (0)
#define NO(...)                                 \
	do {                                    \
		struct packet p_ = __VA_ARGS__; \
		CHECK(!matches(&p_));           \
	} while (0)

TEST(code_of_addresses_and_ports)
{
	compile(
	    "pass proto tcp from { 10.0.0.0/8, 192.168.1.1 } to any port { 80, 8000-8080 }");
	YES(TCP4("10.9.9.9", 1, "1.1.1.1", 80, 0));
	YES(TCP4("192.168.1.1", 1, "1.1.1.1", 8000, 0));
	YES(TCP4("192.168.1.1", 1, "1.1.1.1", 8080, 0));
	NO(TCP4("192.168.1.2", 1, "1.1.1.1", 80, 0));
	NO(TCP4("10.0.0.1", 1, "1.1.1.1", 8081, 0));
	NO(TCP4("10.0.0.1", 80, "1.1.1.1", 7999, 0));
	NO(packet("10.0.0.1", "1.1.1.1", IPPROTO_UDP, 1, 80, 0));
	NO(packet("::1", "::2", IPPROTO_TCP, 1, 80, 0));

	compile("pass to any port 53");
	YES(packet("10.0.0.1", "1.1.1.1", IPPROTO_UDP, 1, 53, 0));
	YES(packet("::1", "::2", IPPROTO_TCP, 1, 53, 0));
	NO(packet("::1", "::2", IPPROTO_ICMPV6, 0, 53, 0));

	compile("pass from 2001:db8:0:8000::/49 to fe80::1");
	YES(packet("2001:db8:0:8001::5", "fe80::1", IPPROTO_UDP, 1, 2, 0));
	NO(packet("2001:db8:0:7fff::5", "fe80::1", IPPROTO_UDP, 1, 2, 0));
	NO(packet("2001:db8:0:8001::5", "fe80::2", IPPROTO_UDP, 1, 2, 0));

	compile("pass from { 0.0.0.0/0, 2001:db8::1 }");
	YES(packet("10.0.0.1", "1.1.1.1", IPPROTO_UDP, 1, 53, 0));
	YES(packet("2001:db8::1", "::2", IPPROTO_UDP, 1, 53, 0));
	NO(packet("2001:db8::2", "::2", IPPROTO_UDP, 1, 53, 0));

	compile("pass from ! { 10.0.0.1, 10.0.0.2 }");
	YES(packet("10.0.0.3", "1.1.1.1", IPPROTO_UDP, 1, 53, 0));
	NO(packet("10.0.0.2", "1.1.1.1", IPPROTO_UDP, 1, 53, 0));

	compile("pass from <t> to ! <u>");
	NO(packet("10.0.0.3", "1.1.1.1", IPPROTO_UDP, 1, 53, 0));
	compile("pass from <t> to <u>");
	YES(packet("10.0.0.3", "1.1.1.1", IPPROTO_UDP, 1, 53, 0));
	compile("pass from <u>");
	NO(packet("10.0.0.3", "1.1.1.1", IPPROTO_UDP, 1, 53, 0));
}

TEST(code_of_flags_types_and_states)
{
	compile("pass proto tcp flags S/SA all");
	YES(TCP4("10.0.0.1", 1, "1.1.1.1", 80, 0x02));
	NO(TCP4("10.0.0.1", 1, "1.1.1.1", 80, 0x12));
	/* A state begins with a SYN; other protocols have none. */
	compile("pass stateful all");
	YES(TCP4("10.0.0.1", 1, "1.1.1.1", 80, 0x02));
	NO(TCP4("10.0.0.1", 1, "1.1.1.1", 80, 0x10));
	NO(TCP4("10.0.0.1", 1, "1.1.1.1", 80, 0x06));
	YES(packet("::1", "::2", IPPROTO_UDP, 1, 80, 0));
	compile("pass stateful proto udp all");
	YES(packet("::1", "::2", IPPROTO_UDP, 1, 80, 0x10));
	compile("pass stateful proto tcp flags A/A all");
	YES(TCP4("10.0.0.1", 1, "1.1.1.1", 80, 0x10));
	compile("pass proto icmp icmp-type unreach code 3 all");
	YES(packet("10.0.0.1", "1.1.1.1", IPPROTO_ICMP, 3, 3, 0));
	NO(packet("10.0.0.1", "1.1.1.1", IPPROTO_ICMP, 3, 4, 0));
	NO(packet("10.0.0.1", "1.1.1.1", IPPROTO_ICMP, 8, 3, 0));
	NO(TCP4("10.0.0.1", 0x0303, "1.1.1.1", 0, 0));
}

TEST(code_with_far_jumps)
{
	static char text[16384];
	size_t n = (size_t)sprintf(text, "pass proto tcp from { ");
	int i;

	/* Some 160 tests between the first and the end. */
	for (i = 0; i < 160; i++)
		n += (size_t)sprintf(text + n, "10.%d.0.%d, ", i, i);
	sprintf(text + n, "11.0.0.1 } to any port 80");
	compile(text);
	CHECK(code_len > 300);
	for (i = 0; i < 160; i++) {
		char src[32];

		sprintf(src, "10.%d.0.%d", i, i);
		YES(TCP4(src, 1, "1.1.1.1", 80, 0));
		NO(TCP4(src, 1, "1.1.1.1", 81, 0));
		NO(packet(src, "1.1.1.1", IPPROTO_UDP, 1, 80, 0));
		sprintf(src, "10.%d.0.%d", i, i + 1);
		NO(TCP4(src, 1, "1.1.1.1", 80, 0));
	}
	YES(TCP4("11.0.0.1", 1, "1.1.1.1", 80, 0));
	NO(packet("::1", "::2", IPPROTO_TCP, 1, 80, 0));
}

#define PCAP(s) compile("pass pcap-filter \"" s "\"")

TEST(pcap_primitives)
{
	PCAP("tcp and dst 10.1.1.252");
	YES(TCP4("10.0.0.1", 1, "10.1.1.252", 80, 0));
	NO(TCP4("10.1.1.252", 1, "10.0.0.1", 80, 0));
	NO(packet("10.0.0.1", "10.1.1.252", IPPROTO_UDP, 1, 80, 0));
	PCAP("host 10.0.0.1");
	YES(TCP4("10.0.0.1", 1, "10.1.1.252", 80, 0));
	YES(TCP4("10.0.0.3", 1, "10.0.0.1", 80, 0));
	NO(TCP4("10.0.0.3", 1, "10.0.0.2", 80, 0));
	PCAP("src and dst net 10.1");
	YES(TCP4("10.1.0.1", 1, "10.1.1.252", 80, 0));
	NO(TCP4("10.1.0.1", 1, "10.2.1.252", 80, 0));
	PCAP("src or dst port 80");
	YES(TCP4("10.1.0.1", 80, "10.1.1.252", 1, 0));
	YES(packet("::1", "::2", IPPROTO_UDP, 1, 80, 0));
	NO(packet("::1", "::2", IPPROTO_SCTP, 1, 80, 0));
	PCAP("udp portrange 100-200 and ip6");
	YES(packet("::1", "::2", IPPROTO_UDP, 1, 200, 0));
	NO(packet("10.0.0.1", "10.0.0.2", IPPROTO_UDP, 1, 200, 0));
	NO(packet("::1", "::2", IPPROTO_UDP, 1, 201, 0));
	PCAP("net 192.168.0.0 mask 255.255.0.0 or net 2001:db8::/32");
	YES(packet("::1", "2001:db8:5::1", IPPROTO_UDP, 1, 201, 0));
	YES(packet("192.168.77.1", "1.1.1.1", IPPROTO_UDP, 1, 201, 0));
	NO(packet("192.169.77.1", "1.1.1.1", IPPROTO_UDP, 1, 201, 0));
	PCAP("ip proto 17");
	YES(packet("192.169.77.1", "1.1.1.1", IPPROTO_UDP, 1, 201, 0));
	NO(packet("::1", "::2", IPPROTO_UDP, 1, 201, 0));
	PCAP("ip multicast");
	YES(packet("192.169.77.1", "224.1.1.1", IPPROTO_UDP, 1, 201, 0));
	NO(packet("192.169.77.1", "223.1.1.1", IPPROTO_UDP, 1, 201, 0));
}

TEST(pcap_expressions)
{
	PCAP("not (tcp or udp)");
	YES(packet("::1", "::2", IPPROTO_ICMPV6, 1, 1, 0));
	NO(packet("::1", "::2", IPPROTO_UDP, 1, 1, 0));
	PCAP("tcp dst port 21 or 22");
	YES(TCP4("1.1.1.1", 1, "2.2.2.2", 22, 0));
	YES(TCP4("1.1.1.1", 1, "2.2.2.2", 21, 0));
	NO(TCP4("1.1.1.1", 22, "2.2.2.2", 2, 0));
	/* As "(udp or tcp) and port 53", since they bind alike. */
	PCAP("udp or tcp and dst port 53");
	NO(packet("::1", "::2", IPPROTO_UDP, 1, 1, 0));
	YES(packet("::1", "::2", IPPROTO_UDP, 1, 53, 0));
	PCAP("tcp[tcpflags] & (tcp-syn|tcp-fin) != 0");
	YES(TCP4("1.1.1.1", 1, "2.2.2.2", 22, 0x02));
	NO(TCP4("1.1.1.1", 1, "2.2.2.2", 22, 0x10));
	PCAP("ip[16:4] = 0x0a000001 && !icmp");
	YES(TCP4("1.1.1.1", 1, "10.0.0.1", 22, 0));
	NO(packet("1.1.1.1", "10.0.0.1", IPPROTO_ICMP, 8, 0, 0));
	PCAP("icmp[icmptype] == icmp-echo");
	YES(packet("1.1.1.1", "10.0.0.1", IPPROTO_ICMP, 8, 0, 0));
	NO(packet("1.1.1.1", "10.0.0.1", IPPROTO_ICMP, 0, 0, 0));
	PCAP("len > 50 or less 40");
	YES(packet("1.1.1.1", "10.0.0.1", IPPROTO_ICMP, 0, 0, 0));
	YES(packet("::1", "::2", IPPROTO_UDP, 1, 53, 0));
	PCAP("greater 50");
	NO(packet("1.1.1.1", "10.0.0.1", IPPROTO_ICMP, 0, 0, 0));
	PCAP("");
	YES(packet("1.1.1.1", "10.0.0.1", IPPROTO_ICMP, 0, 0, 0));
}

/* --- requests --- */

#define MINIMAL "group default {\n\tblock in final proto icmp all\n}\n"

TEST(reload_sends_the_rules)
{
	CHECK_EQ(run_with(MINIMAL, strlen(MINIMAL), "npfctl reload /c"), 0);
	CHECK_STR(f.out, "");
	CHECK(strstr(request,
		  "<key>version</key>\n\t<integer>0x11</integer>") != NULL);
	CHECK(strstr(request, "<key>code-type</key>") != NULL);
	CHECK(strstr(request, "<key>skip-to</key>") != NULL);
	/* An error that the kernel tells. */
	setup();
	file = MINIMAL;
	file_len = strlen(MINIMAL);
	answer = "<plist version=\"1.0\"><dict><key>errno</key>"
		 "<integer>22</integer></dict></plist>";
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl reload /c"), 1);
	CHECK_STR(
	    f.out, "npfctl: loading the configuration: Invalid argument\n");
}

TEST(rule_commands_ask_and_tell)
{
	setup();
	answer = "<plist version=\"1.0\"><dict><key>id</key>"
		 "<integer>0x1f</integer></dict></plist>";
	CHECK_EQ(fake_net_run(&f, npfctl_main,
		     "npfctl rule r add block in from 10.0.0.1"),
	    0);
	CHECK_STR(f.out, "OK 1f\n");
	CHECK(strstr(request, "<string>r</string>") != NULL);
	CHECK(strstr(request, "<key>key</key>") != NULL);
	setup();
	npf_error = -ESRCH;
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl rule r flush"), 1);
	CHECK_STR(f.out, "npfctl: ruleset \"r\" not found\n");
	setup();
	npf_error = -ENOENT;
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl rule r rem-id 1F"), 1);
	CHECK_STR(f.out, "npfctl: rule was not found\n");
	CHECK(strstr(request, "0x1f") != NULL);
	setup();
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl rule r rem-id x"), 1);
	CHECK_STR(f.out, "npfctl: invalid rule ID 'x'\n");
	CHECK_EQ(fake_net_run(&f, npfctl_main,
		     "npfctl rule r add block from 10.0.0.1 }"),
	    1);
	CHECK_STR(f.out, "stdin:1:21: syntax error near '}'\n");
}

TEST(rules_of_the_command_line_know_what_is_loaded)
{
	static const char loaded
	    [] = "<plist version=\"1.0\"><dict><key>id</key><integer>0x1</integer>"
		 "<key>tables</key><array><dict><key>name</key><string>t</string>"
		 "<key>id</key><integer>0x7</integer></dict></array>"
		 "<key>rprocs</key><array><dict><key>name</key>"
		 "<string>log</string></dict></array></dict></plist>";

	setup();
	answer = loaded;
	CHECK_EQ(fake_net_run(&f, npfctl_main,
		     "npfctl rule r add block from <t> apply \"log\""),
	    0);
	/* cop 0; ld #0x80000007 */
	CHECK(strstr(request, "<data>JwAAAAAAAAAAAAAABwAAg") != NULL);
	CHECK_EQ(
	    fake_net_run(&f, npfctl_main, "npfctl rule r add block from <u>"),
	    1);
	CHECK_STR(f.out, "stdin:1:14: table 'u' is not defined near '<u>'\n");
}

TEST(table_commands_ask_and_tell)
{
	const struct npf_ioctl_table *nct;

	setup();
	CHECK_EQ(
	    fake_net_run(&f, npfctl_main, "npfctl table t add 2001:db8::/32"),
	    0);
	CHECK_STR(f.out, "npfctl: success\n");
	nct = fake_net_call(&f, IOC_NPF_TABLE, 0);
	CHECK_EQ(nct->nct_cmd, NPF_CMD_TABLE_ADD);
	CHECK_EQ(nct->nct_data.ent.alen, 16);
	CHECK_EQ(nct->nct_data.ent.mask, 32);
	CHECK_EQ(
	    fake_net_run(&f, npfctl_main, "npfctl table t add 1.1.1.1/33"), 1);
	npf_error = -EEXIST;
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl table t add 1.1.1.1"), 1);
	CHECK_STR(f.out, "npfctl: entry already exists or is conflicting\n");
	npf_error = -EINVAL;
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl table t list"), 1);
	CHECK_STR(f.out, "npfctl: invalid address, mask or table ID\n");
}

TEST(table_files_are_read)
{
	static const char conf[] = "table <a> type tree file \"/t\"\n" MINIMAL;
	static const char hash[] = "table <a> type hash file \"/t\"\n" MINIMAL;

	table = "# hosts and nets\n\n  10.0.0.1 # one\n10.1.0.0/16\nfe80::1";
	CHECK_EQ(run_with(conf, strlen(conf), "npfctl reload /c"), 0);
	CHECK(strstr(request, "<data>CgAAAQ==</data>") != NULL);
	CHECK(strstr(request, "<data>CgEAAA==</data>") != NULL);
	CHECK(strstr(request, "<data>/oAAAAAAAAAAAAAAAAAAAQ==</data>") != NULL);
	CHECK_EQ(run_with(hash, strlen(hash), "npfctl reload /c"), 1);
	CHECK(strstr(f.out, "at line 4 in '/t'") != NULL);
	table = "10.0.0.1\nnonsense\n";
	CHECK_EQ(run_with(conf, strlen(conf), "npfctl reload /c"), 1);
	CHECK_STR(f.out, "npfctl: invalid table entry at line 2 in '/t'\n");
}

TEST(answers_of_any_kernel_are_shown)
{
	static const char *const odd[] = { "", "x", "<plist version=\"1.0\">",
		"<plist version=\"1.0\"><array/></plist>",
		"<plist version=\"1.0\"><dict><key>rules</key><dict/>"
		"</dict></plist>",
		"<plist version=\"1.0\"><dict><key>rules</key><array>"
		"<dict/><string>x</string><dict><key>name</key>"
		"<string>&#27;[2J</string></dict>"
		"</array></dict></plist>" };
	char big[20000];
	size_t i, n;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		setup();
		answer = odd[i];
		(void)fake_net_run(&f, npfctl_main, "npfctl show");
		CHECK(strchr(f.out, '\033') == NULL);
		(void)fake_net_run(&f, npfctl_main, "npfctl list");
		(void)fake_net_run(&f, npfctl_main, "npfctl rule r list");
		(void)fake_net_run(&f, npfctl_main, "npfctl save");
	}
	/* Groups that never end, one in the other. */
	n = (size_t)sprintf(
	    big, "<plist version=\"1.0\"><dict><key>rules</key><array>");
	for (i = 0; i < 100; i++)
		n += (size_t)sprintf(big + n,
		    "<dict><key>attr</key><integer>0x2</integer>"
		    "<key>skip-to</key><integer>0xffffffff</integer></dict>");
	sprintf(big + n, "</array></dict></plist>");
	setup();
	answer = big;
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl show"), 0);
	/* Code that nobody described. */
	setup();
	answer = "<plist version=\"1.0\"><dict><key>rules</key><array><dict>"
		 "<key>attr</key><integer>0x30000001</integer>"
		 "<key>code</key><data>BgAAAP////8=</data>"
		 "</dict></array></dict></plist>";
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl show"), 0);
	CHECK_STR(f.out,
	    "# filtering:\tinactive\n# config:\tloaded\n\n"
	    "pass # bytecode: 1 instructions \n");
}

TEST(save_and_load_go_by_the_file)
{
	static const char
	    saved[] = "<plist version=\"1.0\"><dict><key>active</key><true/>"
		      "<key>version</key><integer>0x11</integer></dict></plist>";

	setup();
	answer = saved;
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl save"), 0);
	written[written_len] = '\0';
	CHECK(strstr(written, "<key>version</key>") != NULL);
	CHECK_EQ(run_with(saved, strlen(saved), "npfctl load"), 0);
	CHECK(strstr(request, "version") != NULL);
	CHECK_EQ(run_with("junk", 4, "npfctl load"), 1);
}

/* 10.0.0.1:1234 to 10.0.0.2:80 by TCP; ::1 to ::2 by UDP, seen as 2001:db8::9, port 99. */
#define CONNS                                                                       \
	"<plist version=\"1.0\"><dict><key>conn-list</key><array>"                  \
	"<dict><key>ifname</key><string>shmif0</string><key>forw-key</key><data>"   \
	"CgAAAQAAAAAAAAAAAAAAAAoAAAIAAAAAAAAAAAAAAAAE0gBQBgQ=</data></dict>"        \
	"<dict><key>forw-key</key><data>"                                           \
	"AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAIABwAJERA=</data>"               \
	"<key>nat</key><dict><key>taddr</key><data>IAENuAAAAAAAAAAAAAAACQ==</data>" \
	"<key>tport</key><integer>0x6300</integer></dict></dict>"                   \
	"<dict><key>forw-key</key><data>AAAA</data></dict>"                         \
	"</array></dict></plist>"

TEST(list_shows_connections)
{
	setup();
	answer = CONNS;
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl list -n"), 0);
	CHECK_STR(f.out,
	    "# proto   interface from                  to                    translated\n"
	    "tcp       shmif0    10.0.0.1:1234         10.0.0.2:80           -\n"
	    "udp       *         [::1]:7               [::2]:9               [2001:db8::9]:99\n");
	CHECK_EQ(
	    fake_net_run(&f, npfctl_main, "npfctl list -n46hw -i shmif0"), 0);
	CHECK_STR(f.out,
	    "tcp       shmif0    10.0.0.1:1234         10.0.0.2:80           -\n");
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl list -n6hN"), 0);
	CHECK(strncmp(f.out, "udp ", 4) == 0);
	CHECK_EQ(fake_net_run(&f, npfctl_main, "npfctl list -x"), 1);
}

TEST(debug_prints_the_code)
{
	CHECK_EQ(run_with(MINIMAL, strlen(MINIMAL), "npfctl debug /c"), 0);
	CHECK(strstr(f.out,
		  "block in final proto icmp \n"
		  "(000) cop #0\n"
		  "(001) ld M[2]\n"
		  "(002) jeq #0x1 jt 3 jf 4\n"
		  "(003) ret #4294967295\n"
		  "(004) ret #0\n") != NULL);
	CHECK(strstr(f.out, "<plist version=\"1.0\">") != NULL);
}

int
main(void)
{
	RUN(parse_errors_tell_the_place);
	RUN(parse_rules_are_shown_with_what_they_mean);
	RUN(parse_maps_procedures_and_tables);
	RUN(parse_default_group_comes_last);
	RUN(parse_hostile_text_is_refused_in_time);
	RUN(code_of_addresses_and_ports);
	RUN(code_of_flags_types_and_states);
	RUN(code_with_far_jumps);
	RUN(pcap_primitives);
	RUN(pcap_expressions);
	RUN(reload_sends_the_rules);
	RUN(rule_commands_ask_and_tell);
	RUN(rules_of_the_command_line_know_what_is_loaded);
	RUN(table_commands_ask_and_tell);
	RUN(table_files_are_read);
	RUN(answers_of_any_kernel_are_shown);
	RUN(save_and_load_go_by_the_file);
	RUN(list_shows_connections);
	RUN(debug_prints_the_code);
	free(request);
	return check_done();
}
