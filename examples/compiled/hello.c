/* Greets whom the arguments name, or tells its version. */

#include <stdio.h>
#include <string.h>

int main(int count, char **words) {
    if (count == 2 && strcmp(words[1], "--version") == 0) {
        puts(VERSION);
        return 0;
    }
    for (int number = 1; number < count; number++)
        printf("Hello, %s!\n", words[number]);
    return 0;
}
