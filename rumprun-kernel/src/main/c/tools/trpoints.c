/* SPDX-License-Identifier: BSD-2-Clause */
/* Trace points by letter, see the header. */
#include "tools/trpoints.h"
#include <stdbool.h>
#include <stddef.h>

static const struct {
	char letter;
	unsigned facs;
} points[] = {
	{ 'A', TRPOINTS_ALL },
	{ 'a', KTRFAC_EXEC_ARG },
	{ 'c', KTRFAC_SYSCALL | KTRFAC_SYSRET },
	{ 'e', KTRFAC_EMUL },
	{ 'i', KTRFAC_GENIO },
	{ 'l', KTRFAC_EXEC_FD },
	{ 'm', KTRFAC_MIB },
	{ 'n', KTRFAC_NAMEI },
	{ 'S', 1u << KTR_SAUPCALL },
	{ 's', KTRFAC_PSIG },
	{ 'u', KTRFAC_USER },
	{ 'v', KTRFAC_EXEC_ENV },
	{ 'w', KTRFAC_CSW },
	{ '+', TRPOINTS_DEFAULT },
};

int
trpoints(const char *letters)
{
	unsigned facs = 0;
	bool out = false;

	for (; *letters != '\0'; letters++) {
		size_t i;

		if (*letters == '-') {
			out = true;
			continue;
		}
		for (i = 0; i < sizeof(points) / sizeof(points[0]) &&
		     points[i].letter != *letters;
		     i++)
			continue;
		if (i == sizeof(points) / sizeof(points[0]))
			return -1;
		facs = out ? facs & ~points[i].facs : facs | points[i].facs;
		out = false;
	}
	return (int)facs;
}
