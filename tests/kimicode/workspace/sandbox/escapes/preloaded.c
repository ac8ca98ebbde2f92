/* A library that leaves a mark as soon as a program loads it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

unsigned int la_version(unsigned int version) { return version; }

__attribute__((constructor)) static void mark(void)
{
    char path[4096];
    const char *folder = getenv("OUT");
    if (folder && snprintf(path, sizeof path, "%s/owned", folder) > 0) {
        int made = open(path, O_CREAT | O_WRONLY, 0644);
        if (made >= 0) close(made);
    }
}
