/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Preloaded into a binary that the launcher started from outside the jail's root: all its libraries are loaded now, so back into the
 * root, before its main() runs.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

__attribute__((constructor)) static void back(int argc, char **argv)
{
	const char *root = getenv("STANDIN_ROOT"), *cwd = getenv("STANDIN_CWD");

	if (root == NULL || cwd == NULL)
		return;
	if (fchdir(atoi(root)) != 0 || chroot(".") != 0)
		_exit(126);
	if (fchdir(atoi(cwd)) != 0)
		(void)!chdir("/");
	close(atoi(root));
	close(atoi(cwd));
	unsetenv("STANDIN_ROOT");
	unsetenv("STANDIN_CWD");
	if (argc > 0) {
		const char *slash = strrchr(argv[0], '/');
		prctl(PR_SET_NAME, slash != NULL ? slash + 1 : argv[0]);
	}
}
