/* SPDX-License-Identifier: BSD-2-Clause */
/* The harness of the C tests, see the header. */
#include "lib/check.h"

struct check_state check_state;

void
check_note(const char *file, int line, const char *what)
{
	const char *base = strrchr(file, '/');

	check_state.bad = true;
	printf("    %s:%d: %s\n", base != NULL ? base + 1 : file, line, what);
	fflush(stdout);
}

void
check_fail(const char *file, int line, const char *what)
{
	check_note(file, line, what);
	if (!check_state.in_test)
		exit(1);
	longjmp(check_state.env, 1);
}

void
check_eq(
    const char *file, int line, const char *what, intmax_t got, intmax_t want)
{
	char text[512];

	if (got == want)
		return;
	snprintf(text, sizeof(text), "%s is %" PRIdMAX ", not %" PRIdMAX, what,
	    got, want);
	check_fail(file, line, text);
}

void
check_str(const char *file, int line, const char *what, const char *got,
    const char *want)
{
	char text[2048];

	if (got != NULL && strcmp(got, want) == 0)
		return;
	snprintf(text, sizeof(text), "%s is \"%s\", not \"%s\"", what,
	    got != NULL ? got : "(null)", want);
	check_fail(file, line, text);
}

void
check_run(const char *name, void (*fn)(void))
{
	const char *only = getenv("CHECK_ONLY");

	if (only != NULL && strstr(name, only) == NULL)
		return;
	check_state.bad = false;
	check_state.in_test = true;
	if (setjmp(check_state.env) == 0)
		fn();
	check_state.in_test = false;
	if (check_state.bad) {
		check_state.failed++;
		printf("FAILED %s\n", name);
	} else {
		check_state.passed++;
		printf("ok     %s\n", name);
	}
	fflush(stdout);
}

int
check_done(void)
{
	printf("%d passed, %d failed\n", check_state.passed, check_state.failed);
	return check_state.failed != 0;
}
