/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Preloaded into find: a directory in the order in which its files were made, as UFS mostly has it (recorded: tar-1, bot-1). Linux's
 * tmpfs has the newest first.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is left of the directories that are being read. */
static struct reading {
	struct reading *next;
	DIR *dir;
	struct dirent **entries;
	int left;
} *readings;

static struct dirent *(*machines_readdir)(DIR *);
static int (*machines_closedir)(DIR *);

__attribute__((constructor)) static void prepare(void)
{
	machines_readdir = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
	machines_closedir = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");
	unsetenv("LD_PRELOAD");
}

static struct reading *begin(DIR *dir)
{
	struct reading *new = calloc(1, sizeof(*new));
	struct dirent *entry;

	new->dir = dir;
	while ((entry = machines_readdir(dir)) != NULL) {
		new->entries = realloc(new->entries, (new->left + 1) * sizeof(*new->entries));
		new->entries[new->left] = malloc(entry->d_reclen);
		memcpy(new->entries[new->left++], entry, entry->d_reclen);
	}
	new->next = readings;
	return readings = new;
}

/* Entries stay until the process ends: who reads a directory may keep one. */
struct dirent *readdir(DIR *dir)
{
	struct reading *reading;
	int number = errno;

	for (reading = readings; reading != NULL && reading->dir != dir; reading = reading->next)
		;
	if (reading == NULL)
		reading = begin(dir);
	errno = number;
	return reading->left > 0 ? reading->entries[--reading->left] : NULL;
}

int closedir(DIR *dir)
{
	for (struct reading **at = &readings; *at != NULL; at = &(*at)->next)
		if ((*at)->dir == dir) {
			struct reading *gone = *at;
			*at = gone->next;
			free(gone->entries);
			free(gone);
			break;
		}
	return machines_closedir(dir);
}
