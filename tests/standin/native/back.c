/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Preloaded into a binary that the launcher started from outside the jail's root: all its libraries are loaded now, so back into the
 * root, before its main() runs.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The directory that was lent has no path within the root. Python, which asks for it to find its modules, can do with the shortest. */
char *getcwd(char *buffer, size_t size)
{
	if (getenv("STANDIN_LENT") != NULL) {
		if (buffer == NULL)
			return strdup(".");
		return size > 1 ? strcpy(buffer, ".") : NULL;
	}
	if (buffer == NULL)
		buffer = malloc(size != 0 ? size : (size = PATH_MAX));
	return syscall(SYS_getcwd, buffer, size) > 0 ? buffer : NULL;
}

__attribute__((constructor)) static void back(int argc, char **argv)
{
	const char *root = getenv("STANDIN_ROOT"), *cwd = getenv("STANDIN_CWD");

	if (cwd == NULL || getenv("STANDIN_LENT") != NULL)
		return;
	if (root != NULL) {
		if (fchdir(atoi(root)) != 0 || chroot(".") != 0)
			_exit(126);
		close(atoi(root));
	}
	if (fchdir(atoi(cwd)) != 0)
		(void)!chdir("/");
	close(atoi(cwd));
	unsetenv("STANDIN_ROOT");
	unsetenv("STANDIN_CWD");
	if (argc > 0) {
		const char *slash = strrchr(argv[0], '/');
		prctl(PR_SET_NAME, slash != NULL ? slash + 1 : argv[0]);
	}
}
