/* SPDX-License-Identifier: BSD-2-Clause */
/* Property lists: what is written is read, and what is no property list is refused. */
#include <stdio.h>
#include <stdlib.h>
#include "kern/plist.h"
#include "lib/check.h"

static int64_t in_use, fail_at;

static void *
get(void *arg, size_t n)
{
	(void)arg;
	if (fail_at != 0 && --fail_at == 0)
		return NULL;
	in_use += (int64_t)n;
	return malloc(n);
}

static void
give(void *arg, void *p, size_t n)
{
	(void)arg;
	in_use -= (int64_t)n;
	free(p);
}

static struct plist_mem
new_mem(void)
{
	return (struct plist_mem){ get, give, NULL, 0 };
}

#define HEAD                                                               \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                     \
	"<!DOCTYPE plist PUBLIC \"-//Apple Computer//DTD PLIST 1.0//EN\" " \
	"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"            \
	"<plist version=\"1.0\">\n"
#define TAIL "</plist>\n"

static int
read_text(const char *s, struct plist **p)
{
	static struct plist_mem pm;

	pm = new_mem();
	return plist_read(&pm, s, strlen(s) + 1, p);
}

TEST(plist_written_as_proplib_does)
{
	static const uint8_t data[] = { 0, 1, 2, 255 };
	struct plist_mem pm = new_mem();
	struct plist *d = plist_new_dict(&pm), *a;
	size_t size;
	char *text;

	plist_set_string(d, "name", "a<b>&\"c'");
	plist_set_uint(d, "attr", 0x30000000);
	plist_set_int(d, "prio", -1);
	plist_set_data(d, "code", data, 4);
	plist_set_bool(d, "on", true);
	a = plist_set_array(d, "list");
	(void)plist_append(a, plist_new_bool(&pm, false));
	(void)plist_set_array(d, "none");
	CHECK_EQ(plist_write(d, &text, &size), 0);
	CHECK_EQ(strlen(text) + 1, size);
	CHECK(strcmp(text,
		  HEAD "<dict>\n"
		       "\t<key>attr</key>\n\t<integer>0x30000000</integer>\n"
		       "\t<key>code</key>\n\t<data>AAEC/w==</data>\n"
		       "\t<key>list</key>\n\t<array>\n\t\t<false/>\n"
		       "\t</array>\n"
		       "\t<key>name</key>\n\t<string>a&lt;b&gt;&amp;&quot;c"
		       "&apos;</string>\n"
		       "\t<key>none</key>\n\t<array/>\n"
		       "\t<key>on</key>\n\t<true/>\n"
		       "\t<key>prio</key>\n\t<integer>-1</integer>\n"
		       "</dict>\n" TAIL) == 0);
	give(NULL, text, size);
	plist_free(d);
	CHECK_EQ(in_use, 0);
}

TEST(plist_read_back_is_the_same)
{
	struct plist_mem pm = new_mem();
	struct plist *d = plist_new_dict(&pm), *again, *copy;
	char key[16], quotes[128], *one, *two;
	size_t n1, n2, len;
	const void *data;
	const char *s;
	uint64_t u;
	int64_t i;
	bool b;

	for (int k = 99; k >= 0; k--) {
		snprintf(key, sizeof(key), "key%d", k);
		plist_set_uint(d, key, UINT64_MAX - (unsigned)k);
	}
	/* The longest key, and longer still where it is written. */
	memset(quotes, '\'', sizeof(quotes) - 1);
	quotes[sizeof(quotes) - 1] = '\0';
	plist_set_bool(d, quotes, true);
	plist_set_int(d, "min", INT64_MIN);
	plist_set_data(d, "data", "abcde", 5);
	plist_set_string(d, "text", "");
	plist_set_bool(d, "no", false);
	CHECK_EQ(plist_write(d, &one, &n1), 0);
	CHECK_EQ(plist_read(&pm, one, n1, &again), 0);
	copy = plist_copy(&pm, again);
	plist_free(again);
	CHECK_EQ(plist_write(copy, &two, &n2), 0);
	CHECK_EQ(n1, n2);
	CHECK(memcmp(one, two, n1) == 0);
	CHECK_EQ(plist_count(copy), 105);
	CHECK_EQ(plist_get_uint(copy, "key7", UINT64_MAX, &u), 1);
	CHECK(u == UINT64_MAX - 7);
	CHECK_EQ(plist_get_uint(copy, "key7", UINT32_MAX, &u), -EINVAL);
	CHECK_EQ(plist_get_int(copy, "key7", INT64_MIN, INT64_MAX, &i), -EINVAL);
	CHECK_EQ(plist_get_int(copy, "min", INT64_MIN, 0, &i), 1);
	CHECK(i == INT64_MIN);
	CHECK_EQ(plist_get_uint(copy, "min", UINT64_MAX, &u), -EINVAL);
	CHECK_EQ(plist_get_data(copy, "data", &data, &len), 1);
	CHECK(len == 5 && memcmp(data, "abcde", 5) == 0);
	CHECK_EQ(plist_get_string(copy, "text", &s), 1);
	CHECK_EQ(s[0], '\0');
	CHECK_EQ(plist_get_string(copy, "data", &s), -EINVAL);
	CHECK_EQ(plist_get_bool(copy, "no", &b), 1);
	CHECK(!b);
	CHECK_EQ(plist_get_bool(copy, "nosuch", &b), 0);
	plist_remove(copy, "key7");
	CHECK(plist_get(copy, "key7") == NULL);
	plist_free(copy);
	plist_free(d);
	give(NULL, one, n1);
	give(NULL, two, n2);
	CHECK_EQ(in_use, 0);
}

static void
good(const char *s)
{
	struct plist *p;

	CHECK_EQ(read_text(s, &p), 0);
	CHECK(p != NULL);
	plist_free(p);
	CHECK_EQ(in_use, 0);
}

static void
bad(const char *s)
{
	struct plist *p;

	CHECK_EQ(read_text(s, &p), -EINVAL);
	CHECK(p == NULL);
	CHECK_EQ(in_use, 0);
}

TEST(plist_forms_that_others_write_are_read)
{
	good("<plist><dict/></plist>");
	good("<plist version='1.0'> <array> </array> </plist>  ");
	good("<plist><!-- a note --><string>x</string></plist>");
	good("<plist><dict><key>b</key><true/><key>a</key><false></false>"
	     "</dict></plist>");
	good("<plist><integer>0xFFffFFffFFffFFff</integer></plist>");
	good("<plist><integer>18446744073709551615</integer></plist>");
	good("<plist><data>\n\tAAEC\n\t/w==\n</data></plist>");
}

TEST(plist_what_is_none_is_refused)
{
	char deep[4096] = "<plist>";

	bad("");
	bad("<plist>");
	bad("<plist/>");
	bad("<plist></plist>");
	bad("<dict/>");
	bad("<plist><dict/></plist>x");
	bad("<plist><dict/><dict/></plist>");
	bad("<plist><dict></array></plist>");
	bad("<plist><dict><key>a</key></dict></plist>");
	bad("<plist><dict><true/></dict></plist>");
	bad("<plist><dict><key></key><true/></dict></plist>");
	bad("<plist><dict><key>a</key><true/><key>a</key><true/></dict>"
	    "</plist>");
	bad("<plist><dict><key>b</key><true/><key>a</key><true/><key>b</key>"
	    "<true/></dict></plist>");
	bad("<plist><string>&nosuch;</string></plist>");
	bad("<plist><string>&lt</string></plist>");
	bad("<plist><integer/></plist>");
	bad("<plist><integer></integer></plist>");
	bad("<plist><integer>0x</integer></plist>");
	bad("<plist><integer>12a</integer></plist>");
	bad("<plist><integer>-</integer></plist>");
	bad("<plist><integer>-0x1</integer></plist>");
	bad("<plist><integer>-9223372036854775809</integer></plist>");
	bad("<plist><integer>18446744073709551616</integer></plist>");
	bad("<plist><integer>0x10000000000000000</integer></plist>");
	bad("<plist><data>A</data></plist>");
	bad("<plist><data>A===</data></plist>");
	bad("<plist><data>AA=A</data></plist>");
	bad("<plist><data>!AAA</data></plist>");
	bad("<plist><string a='b'>x</string></plist>");
	bad("<plist><real>1.5</real></plist>");
	bad("<!DOCTYPE plist [<!ENTITY x 'y'>]><plist><true/></plist>");
	bad("<!-- <plist><true/></plist>");
	for (int i = 0; i < PLIST_MAXDEPTH + 1; i++)
		strcat(deep, "<array>");
	bad(deep);
}

TEST(plist_text_cut_anywhere_is_refused)
{
	static const char text[] = HEAD
	    "<dict><key>a</key><array><string>x&lt;</string>"
	    "<data>AAEC</data><integer>5</integer></array></dict>" TAIL;
	struct plist_mem pm = new_mem();
	struct plist *p;

	for (size_t n = 0; n < sizeof(text) - 2; n++) {
		CHECK_EQ(plist_read(&pm, text, n, &p), -EINVAL);
		CHECK_EQ(in_use, 0);
	}
	CHECK_EQ(plist_read(&pm, text, sizeof(text), &p), 0);
	plist_free(p);
}

TEST(plist_without_memory_says_so)
{
	static const char text[] = "<plist><dict><key>b</key><array><true/>"
				   "<string>s</string></array><key>a</key>"
				   "<data>AAEC</data></dict></plist>";
	struct plist_mem pm;
	struct plist *p;
	size_t size;
	char *out;
	int error = -1;

	for (int i = 1; error != 0; i++) {
		pm = new_mem();
		fail_at = i;
		error = plist_read(&pm, text, sizeof(text), &p);
		CHECK(error == 0 || error == -ENOMEM);
		if (error == 0) {
			error = plist_write(p, &out, &size);
			CHECK(error == 0 || error == -ENOMEM);
			if (error == 0)
				give(NULL, out, size);
		}
		plist_free(p);
		fail_at = 0;
		CHECK_EQ(in_use, 0);
		CHECK(i < 100);
	}
	for (int i = 1; i < 12; i++) {
		pm = new_mem();
		fail_at = i;
		p = plist_new_dict(&pm);
		plist_set_string(p, "name", "value");
		plist_set_int(plist_set_dict(p, "d"), "i", 5);
		(void)plist_append_dict(plist_set_array(p, "a"));
		fail_at = 0;
		error = plist_write(p, &out, &size);
		CHECK_EQ(error, pm.pm_error != 0 || p == NULL ? -ENOMEM : 0);
		if (error == 0)
			give(NULL, out, size);
		plist_free(p);
		CHECK_EQ(in_use, 0);
	}
}

int
main(void)
{
	RUN(plist_written_as_proplib_does);
	RUN(plist_read_back_is_the_same);
	RUN(plist_forms_that_others_write_are_read);
	RUN(plist_what_is_none_is_refused);
	RUN(plist_text_cut_anywhere_is_refused);
	RUN(plist_without_memory_says_so);
	return check_done();
}
