/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: npf.conf and what kernels answer. Any text is refused or compiled, and what it is compiled to is byte code that a kernel takes
 * and a property list that reads back; any answer is shown or refused.
 *
 * An input: a byte that chooses, 'c' a configuration, 'r' a rule of the command line, 'a' an answer; the text.
 */
#include "lib/fake_net.h"
#include "net/bpf_var.h"
#include "npfctl/npfctl.h"
#include <netbsd/route.h>
#include <netbsd/sysctl.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct fake_net f;
static uint8_t interfaces[1024];
static const char *text;
static size_t len;
static char kind;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct sockaddr_in in = { .sin_len = sizeof(in),
		.sin_family = AF_INET,
		.sin_addr = { 0x0200000a } };
	size_t n;

	(void)argc, (void)argv;
	n = fake_if(interfaces, 0, 1, "lo0", 0, 0);
	n = fake_if(interfaces, n, 2, "shmif0", 0, 6);
	n = fake_ifa(interfaces, n, 2, &in, NULL, NULL);
	f.list[NET_RT_IFLIST].data = interfaces;
	f.list[NET_RT_IFLIST].len = n;
	return 0;
}

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "npfconf: %s\n%s\n", what, f.out);
	abort();
}

static void
check_code(const struct plist *rule)
{
	struct bpf_insn *copy;
	const void *data;
	size_t n;

	if (plist_get_data(rule, "code", &data, &n) != 1)
		return;
	must((copy = malloc(n)) != NULL, "memory");
	memcpy(copy, data, n);
	must(bpf_validate(copy, n / sizeof(*copy), 2), "invalid byte code");
	free(copy);
}

static void
check_config(struct tool *t, const struct plist *config)
{
	static const char *const lists[] = { "rules", "nat" };
	struct plist_mem mem;
	struct plist *again;
	size_t size, i, j;
	char *external;

	for (i = 0; i < 2; i++) {
		const struct plist *list = plist_get(config, lists[i]);

		for (j = 0; j < plist_count(list); j++)
			check_code(plist_item(list, j));
	}
	must(plist_write(config, &external, &size) == 0, "not written");
	plist_mem_tool(&mem, t);
	must(plist_read(&mem, external, size, &again) == 0, "not read back");
}

static int
fuzz_main(struct tool *t, int argc, char **argv)
{
	struct conf *c = t_malloc(t, sizeof(*c));
	struct plist_mem mem;
	struct plist *p;

	(void)argc, (void)argv;
	conf_init(c, t, "/c", text, len);
	if (kind == 'r') {
		p = conf_parse_rule(c);
		check_code(p);
		show_rule(t, p, 0);
	} else if (kind == 'c') {
		p = conf_parse(c);
		check_config(t, p);
		show_config(t, p);
		show_code(t, p);
	} else {
		plist_mem_tool(&mem, t);
		if (plist_read(&mem, text, len, &p) != 0)
			return 1;
		show_config(t, p);
		show_code(t, p);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *copy;

	if (n == 0 || (copy = malloc(n)) == NULL)
		return 0;
	/* Exactly as long as it is, so that a byte too far is seen. */
	memcpy(copy, p + 1, n - 1);
	kind = (char)p[0];
	text = copy;
	len = n - 1;
	(void)fake_net_run(&f, fuzz_main, "npfctl");
	free(copy);
	return 0;
}
