/* stdio on files, memory and pushed-back characters. */
#define _GNU_SOURCE
#include "groups.h"

#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#define PATH "/tmp/libc-stream"

static void test_writing(void)
{
    FILE *f = fopen(PATH, "w+");
    CHECK(f != NULL);
    if (!f) {
        return;
    }
    CHECK(fputs("first line\n", f) >= 0 && fprintf(f, "%d %s\n", 42, "second") == 10);
    CHECK_INT(fputc('x', f), 'x');
    CHECK_INT(ftell(f), 22);
    rewind(f);
    char line[64];
    CHECK_STRING(fgets(line, sizeof line, f), "first line\n");
    int n = 0;
    CHECK(fscanf(f, "%d %63s", &n, line) == 2 && n == 42);
    CHECK_INT(fgetc(f), '\n');
    CHECK_INT(fgetc(f), 'x');
    CHECK(fgetc(f) == EOF && feof(f) && !ferror(f));
    CHECK_INT(fseek(f, 6, SEEK_SET), 0);
    CHECK_INT(fwrite("LINE", 1, 4, f), 4);
    CHECK_INT(fflush(f), 0);
    rewind(f);
    CHECK_STRING(fgets(line, sizeof line, f), "first LINE\n");
    CHECK_INT(ungetc('q', f), 'q');
    CHECK(fgetc(f) == 'q' && fgetc(f) == '4');
    CHECK_INT(fclose(f), 0);
}

/* Blocks around the buffer's size, read back in other sizes. */
static void test_blocks(void)
{
    static unsigned char out[20000], in[20000];
    for (size_t i = 0; i < sizeof out; i++) {
        out[i] = (unsigned char)(i * 7 + i / 256);
    }
    FILE *f = fopen(PATH, "wb");
    size_t done = 0;
    for (size_t step = 1; f && done < sizeof out; step = step * 3 % 4099 + 1) {
        const size_t n = step < sizeof out - done ? step : sizeof out - done;
        CHECK_INT(fwrite(out + done, 1, n, f), n);
        done += n;
    }
    CHECK_INT(fclose(f), 0);
    f = fopen(PATH, "rb");
    done = 0;
    for (size_t step = 5; f && done < sizeof in; step = step * 5 % 3001 + 1) {
        const size_t n = step < sizeof in - done ? step : sizeof in - done;
        if (step % 11 == 0) {
            in[done++] = (unsigned char)fgetc(f);
        } else {
            CHECK_INT(fread(in + done, 1, n, f), n);
            done += n;
        }
    }
    CHECK(memcmp(in, out, sizeof in) == 0);
    CHECK(fgetc(f) == EOF && fread(in, 1, 10, f) == 0);
    CHECK_INT(fseeko(f, -10, SEEK_END), 0);
    CHECK(fread(in, 1, 100, f) == 10 && memcmp(in, out + sizeof out - 10, 10) == 0);
    CHECK_INT(fclose(f), 0);
}

static void test_modes(void)
{
    FILE *f = fopen(PATH, "w");
    fputs("abc", f);
    CHECK(fgetc(f) == EOF && ferror(f));
    fclose(f);
    f = fopen(PATH, "a+");
    fputs("def", f);
    rewind(f);
    char text[16] = "";
    CHECK_STRING(fgets(text, sizeof text, f), "abcdef");
    fclose(f);
    CHECK(fopen("/tmp/missing/file", "r") == NULL && errno == ENOENT);
    CHECK(fopen(PATH, "q") == NULL && errno == EINVAL);
    CHECK(fopen(PATH, "wx") == NULL && errno == EEXIST);
    f = fopen(PATH, "r");
    CHECK(setvbuf(f, NULL, _IONBF, 0) == 0 && fgetc(f) == 'a');
    CHECK(freopen(PATH, "r", f) == f && fgetc(f) == 'a');
    fclose(f);
    f = tmpfile();
    CHECK(f != NULL && fputs("gone", f) >= 0 && fclose(f) == 0);
}

static void test_lines(void)
{
    FILE *f = fopen(PATH, "w+");
    for (int i = 0; i < 500; i++) {
        fprintf(f, "%d %0*d\n", i, i, 0);
    }
    rewind(f);
    char *line = NULL;
    size_t room = 0;
    int count = 0;
    for (ssize_t n; (n = getline(&line, &room, f)) > 0; count++) {
        CHECK(line[n - 1] == '\n' && atoi(line) == count);
    }
    CHECK_INT(count, 500);
    free(line);
    fclose(f);
}

static void test_memory_streams(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    CHECK(f != NULL);
    fprintf(f, "%s %d", "memory", 7);
    CHECK_INT(fclose(f), 0);
    CHECK_STRING(text, "memory 7");
    CHECK_INT(size, 8);
    free(text);
    char buf[] = "one two";
    f = fmemopen(buf, strlen(buf), "r");
    char word[8];
    CHECK(fscanf(f, "%7s %7s", word, word) == 2 && strcmp(word, "two") == 0);
    fclose(f);
}

void test_stream(void)
{
    mkdir("/tmp", 01777);
    test_writing();
    test_blocks();
    test_modes();
    test_lines();
    test_memory_streams();
    CHECK_INT(remove(PATH), 0);
}
