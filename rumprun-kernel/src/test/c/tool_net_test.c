/* SPDX-License-Identifier: BSD-2-Clause */
/* Internet addresses as text. */
#include "lib/check.h"
#include <rumprun/tool_net.h>

static const char *
v4(const char *s)
{
	static char out[16];
	uint32_t a;

	return t_inet_aton(s, &a) ? t_inet_ntop4(a, out) : "none";
}

static const char *
v6(const char *s)
{
	static char out[46];
	uint8_t a[16];

	return t_inet_pton6(s, a) ? t_inet_ntop6(a, out) : "none";
}

TEST(inet_aton_reads_every_form)
{
	CHECK_STR(v4("10.0.0.1"), "10.0.0.1");
	CHECK_STR(v4("10.1"), "10.0.0.1");
	CHECK_STR(v4("10.1.258"), "10.1.1.2");
	CHECK_STR(v4("167772161"), "10.0.0.1");
	CHECK_STR(v4("0x0a000001"), "10.0.0.1");
	CHECK_STR(v4("012.0.0.1"), "10.0.0.1");
	CHECK_STR(v4("0"), "0.0.0.0");
	CHECK_STR(v4("255.255.255.255"), "255.255.255.255");
	CHECK_STR(v4("4294967295"), "255.255.255.255");
}

TEST(inet_aton_refuses_the_rest)
{
	static const char *const bad[] = { "", ".", "1.", "1..2", "1.2.3.4.5",
		"256.0.0.1", "1.2.3.256", "1.2.65536", "1.16777216",
		"4294967296", "99999999999999999999", "0x", "08", "1.2.3.4x",
		"-1", " 1", "a" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_STR(v4(bad[i]), "none");
}

TEST(inet6_text_is_the_shortest)
{
	CHECK_STR(v6("::"), "::");
	CHECK_STR(v6("::1"), "::1");
	CHECK_STR(v6("1::"), "1::");
	CHECK_STR(v6("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
	CHECK_STR(v6("1:0:0:2:0:0:0:3"), "1:0:0:2::3");
	CHECK_STR(v6("1:0:2:3:4:5:6:7"), "1:0:2:3:4:5:6:7");
	CHECK_STR(v6("1:2:3:4:5:6:7:8"), "1:2:3:4:5:6:7:8");
	CHECK_STR(v6("0001:0002::0008"), "1:2::8");
	CHECK_STR(v6("::ffff:1.2.3.4"), "::ffff:1.2.3.4");
	CHECK_STR(v6("::1.2.3.4"), "::1.2.3.4");
	CHECK_STR(v6("64:ff9b::1.2.3.4"), "64:ff9b::102:304");
	CHECK_STR(v6("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
}

TEST(inet6_pton_refuses_the_rest)
{
	static const char *const bad[] = { "", ":", ":::", "1", "1:2",
		"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::", "1::2::3", "12345::", "g::", "::1%lo0",
		"1:", ":1", "1::2:", "::1.2.3", "::1.2.3.4:5",
		"1:2:3:4:5:6:7:1.2.3.4", "::256.1.1.1", "::01.2.3.4", "::1 " };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_STR(v6(bad[i]), "none");
}

/* Whatever is printed is read again as the same address. */
TEST(inet6_text_comes_back)
{
	uint8_t a[16], b[16];
	uint32_t seed = 1;
	char text[46];
	int i, j;

	for (i = 0; i < 20000; i++) {
		for (j = 0; j < 16; j++) {
			seed = seed * 1664525 + 1013904223;
			a[j] = (seed >> 28) < 9 ? 0 : (uint8_t)(seed >> 20);
		}
		t_inet_ntop6(a, text);
		CHECK(strlen(text) < sizeof(text));
		CHECK(t_inet_pton6(text, b));
		CHECK_EQ(memcmp(a, b, sizeof(a)), 0);
	}
}

int
main(void)
{
	RUN(inet_aton_reads_every_form);
	RUN(inet_aton_refuses_the_rest);
	RUN(inet6_text_is_the_shortest);
	RUN(inet6_pton_refuses_the_rest);
	RUN(inet6_text_comes_back);
	return check_done();
}
