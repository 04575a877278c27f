/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP's conformance: every script of src/test/packetdrill, a test each. An
 * argument names scripts to run instead.
 */
#include "core_calls.h"
#include "lib/pd.h"

#define SCRIPTS "rumprun-kernel/src/test/packetdrill"
#define MAXSCRIPTS 1024

static const char *pd_path;

static char *
read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	size_t n;

	if (f == NULL)
		return NULL;
	text = malloc(1 << 20);
	n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
run_script(void)
{
	struct pd_script s;
	char why[600] = "";
	char *text = read_text(pd_path);
	bool right;

	CHECK(text != NULL);
	/* Each names what it is about. */
	right = strncmp(text, "// RFC ", 7) == 0 ||
	    strncmp(text, "// tcp(4)", 9) == 0;
	if (!right)
		snprintf(why, sizeof(why), "the first line names no section");
	if (right && !(right = pd_parse(text, &s)))
		snprintf(why, sizeof(why), "%s", s.error);
	else if (right)
		right = pd_run(&s, why, sizeof(why));
	if (right || s.error[0] != '\0')
		pd_free(&s);
	free(text);
	if (!right)
		printf("%s: %s\n", pd_path, why);
	CHECK(right);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_scripts(char **names)
{
	struct host_dir *dir;
	struct host_dirent de;
	int n = 0;

	if (host_linux.opendir(SCRIPTS, &dir) != 0)
		return 0;
	while (n < MAXSCRIPTS && host_linux.readdir(dir, &de) == 1) {
		size_t len = strlen(de.hd_name);

		if (len < 5 || strcmp(de.hd_name + len - 4, ".pkt") != 0)
			continue;
		names[n] = malloc(sizeof(SCRIPTS) + len + 2);
		sprintf(names[n++], "%s/%s", SCRIPTS, de.hd_name);
	}
	host_linux.closedir(dir);
	qsort(names, (size_t)n, sizeof(*names), by_name);
	return n;
}

int
main(int argc, char **argv)
{
	static char *names[MAXSCRIPTS];
	int n;

	for (int i = 1; i < argc; i++) {
		pd_path = argv[i];
		check_run(argv[i], run_script);
	}
	if (argc > 1)
		return check_done();
	n = list_scripts(names);
	for (int i = 0; i < n; i++) {
		pd_path = names[i];
		check_run(strrchr(names[i], '/') + 1, run_script);
		free(names[i]);
	}
	if (n < 150) {
		printf("only %d scripts\n", n);
		return 1;
	}
	return check_done();
}
