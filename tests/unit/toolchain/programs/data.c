/* Global data: indexes of every sign and scale, tables of pointers, weak symbols. */
#include "probe.h"

struct node {
    const char *name;
    struct node *next;
    int (*function)(int);
    short values[5];
};

static int twice(int x)
{
    return 2 * x;
}
static int thrice(int x)
{
    return 3 * x;
}

static struct node nodes[];
static struct node nodes[] = {
    {"one", &nodes[1], twice, {1, 2, 3, 4, 5}},
    {"two", &nodes[2], thrice, {6, 7, 8, 9, 10}},
    {"three", 0, twice, {11, 12, 13, 14, 15}},
};

static int matrix[40][50];
static unsigned char large[300000];
static int *const middle = &matrix[20][25];
static long counter;
const char *const names[] = {"a", "b", "c"};
double constants[] = {0.5, 1.5, 2.5};

int absent(int) __attribute__((weak));
__attribute__((weak)) int present(int x)
{
    return x + 1;
}
int alias(int) __attribute__((weak, alias("present")));

static int *volatile null_on_purpose;

void program(void)
{
    long sum = 0;

    for (int i = 0; i < 40; i++) {
        for (int k = 0; k < 50; k++) {
            matrix[i][k] = i * 1000 + k;
        }
    }
    for (int i = -20; i < 20; i++) {
        sum += middle[i * 7];
    }
    probe_int("middle", sum);
    probe_int("negative", matrix[probe_hide(10)][probe_hide(-3)]);
    for (unsigned i = 0; i < sizeof(large); i += 1000) {
        large[i] = (unsigned char)i;
        sum += large[sizeof(large) - 1 - i] + large[i / 2];
    }
    probe_int("large", sum);
    for (struct node *node = nodes; node; node = node->next) {
        probe_text(node->name);
        probe_int("", node->function(node->values[probe_hide(2)]));
        counter += node - nodes;
    }
    probe_int("counter", counter);
    probe_text(names[probe_hide(2)]);
    constants[probe_hide(1)] *= 3;
    probe_double("constant", constants[1]);
    probe_int("absent", absent ? absent(1) : -1);
    probe_int("present", present(1) + alias(2));
    probe_int("null", null_on_purpose == 0);
    probe_int("pointers", (&matrix[3][0] - &matrix[1][0]) + (middle > &matrix[20][0]));
}
