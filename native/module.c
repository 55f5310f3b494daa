/* The two works of a verification that Python's libraries take too many passes for.

   Both let other threads run. They are built where a compiler is at hand, and used where the
   processor has instructions for SHA-256; `columns.sound` and `columns.merkle` go without. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdlib.h>

#include "texts.h"

enum { SHORTEST_LINE = 400, LEAF_PREFIX = 0x00, NODE_PREFIX = 0x01, PAIR_BYTES = 2 * HASH_BYTES };

/* The events of a run, one entry each; `begins` are bytes from the start of the text. Its texts
   are kept only if somebody wants them. There is room for as many lines as a text can hold, and a
   run that needs more is none: so nothing grows. */
typedef struct {
    Event first;
    Event last;
    size_t count;
    size_t room;
    uint8_t *hashes;
    int64_t *recorded_at;
    int64_t *timestamps;
    uint32_t *begins;
    bool has_texts;
    Texts texts[VALUES];
} Run;

static bool make_room(Run *run, size_t size, bool has_texts)
{
    *run = (Run){.room = size / SHORTEST_LINE + 1, .has_texts = has_texts};
    run->hashes = malloc(run->room * HASH_BYTES);
    run->recorded_at = malloc(run->room * sizeof(int64_t));
    run->timestamps = malloc(run->room * sizeof(int64_t));
    run->begins = malloc(run->room * sizeof(uint32_t));
    bool is_made = run->hashes && run->recorded_at && run->timestamps && run->begins;
    for (int i = 0; has_texts && i < VALUES; i++)
        is_made = make_room_for_texts(&run->texts[i], run->room, size) && is_made;
    return is_made;
}

static void give_back(Run *run)
{
    free(run->hashes);
    free(run->recorded_at);
    free(run->timestamps);
    free(run->begins);
    for (int i = 0; i < VALUES; i++)
        give_back_texts(&run->texts[i]);
}

static void put(Run *run, const Event *event, const uint8_t *hash, size_t begin)
{
    memcpy(run->hashes + run->count * HASH_BYTES, hash, HASH_BYTES);
    run->recorded_at[run->count] = event->recorded_at;
    run->timestamps[run->count] = event->timestamp;
    run->begins[run->count] = (uint32_t)begin;
    for (int i = 0; run->has_texts && i < VALUES; i++)
        put_text(&run->texts[i], &event->values[i], i == DETAILS);
    if (run->count++ == 0)
        run->first = *event;
    run->last = *event;
}

/* Take events into a run, as long as they are sound. An odd last one is hashed twice, side by side. */
WITH_SHA static bool add_events(Run *run, const Event *events, int count, const uint8_t *data)
{
    Message messages[MOST_AT_ONCE];
    uint8_t hashes[MOST_AT_ONCE][HASH_BYTES];
    for (int i = 0; i < MOST_AT_ONCE; i++) {
        const Event *event = &events[i < count ? i : 0];
        lay_out(&messages[i], LEAF_PREFIX, event->entry, event->entry_size);
    }
    sha256_both(messages, hashes);
    for (int i = 0; i < count; i++) {
        if (run->count == run->room || !holds(&events[i], hashes[i]))
            return false;
        if (run->count > 0 && !goes_on(&run->last, &events[i]))
            return false;
        put(run, &events[i], hashes[i], (size_t)(events[i].entry - data));
    }
    return true;
}

/* Tell whether a text is one sound run and nothing else. */
static bool read_run(const uint8_t *data, size_t size, Run *run)
{
    Cursor text = {data, data + size};
    while (left(&text) > 0) {
        Event events[MOST_AT_ONCE];
        int count = 0;
        while (count < MOST_AT_ONCE && left(&text) > 0)
            if (!pass_event(&text, &events[count++]))
                return false;
        if (!add_events(run, events, count, data))
            return false;
    }
    return run->count > 0 && is_hash(run->first.previous_hash);
}

/* Give a column's bytes, offsets (int32), validity (a bit each) and the number of its nulls. */
static PyObject *texts_as_python(const Texts *texts)
{
    return Py_BuildValue(
        "y#y#y#n",
        (const char *)texts->bytes, (Py_ssize_t)texts->offsets[texts->count],
        (const char *)texts->offsets, (Py_ssize_t)((texts->count + 1) * sizeof(int32_t)),
        (const char *)texts->valid, (Py_ssize_t)(texts->count / 8 + 1),
        (Py_ssize_t)texts->nulls);
}

static PyObject *all_texts_as_python(const Run *run)
{
    if (!run->has_texts)
        return PyTuple_New(0);
    PyObject *columns = PyTuple_New(VALUES);
    for (int i = 0; columns && i < VALUES; i++) {
        PyObject *column = texts_as_python(&run->texts[i]);
        if (column == NULL || PyTuple_SetItem(columns, i, column) < 0)
            Py_CLEAR(columns);
    }
    return columns;
}

static PyObject *as_python(const Run *run)
{
    const Event *first = &run->first;
    const Py_ssize_t count = (Py_ssize_t)run->count;
    return Py_BuildValue(
        "s#Ls#y#y#y#y#N",
        (const char *)first->chain, (Py_ssize_t)first->chain_length,
        (long long)first->seq,
        (const char *)first->previous_hash, (Py_ssize_t)HEX_DIGITS,
        (const char *)run->hashes, count * HASH_BYTES,
        (const char *)run->recorded_at, count * (Py_ssize_t)sizeof(int64_t),
        (const char *)run->timestamps, count * (Py_ssize_t)sizeof(int64_t),
        (const char *)run->begins, count * (Py_ssize_t)sizeof(uint32_t),
        all_texts_as_python(run));
}

static PyObject *sound_run(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *data;
    Py_ssize_t size;
    int has_texts;
    if (!PyArg_ParseTuple(arguments, "y#p", &data, &size, &has_texts))
        return NULL;
    if (size > INT32_MAX)
        Py_RETURN_NONE;
    Run run;
    PyObject *found = NULL;
    if (!make_room(&run, (size_t)size, has_texts)) {
        PyErr_NoMemory();
    } else {
        bool is_sound;
        Py_BEGIN_ALLOW_THREADS
        is_sound = read_run((const uint8_t *)data, (size_t)size, &run);
        Py_END_ALLOW_THREADS
        found = is_sound ? as_python(&run) : Py_NewRef(Py_None);
    }
    give_back(&run);
    return found;
}

WITH_SHA static void hash_pairs(const uint8_t *nodes, size_t pairs, uint8_t *parents)
{
    for (size_t done = 0; done < pairs; done += MOST_AT_ONCE) {
        const size_t more = done + 1 < pairs ? 1 : 0;
        Message messages[MOST_AT_ONCE];
        uint8_t hashes[MOST_AT_ONCE][HASH_BYTES];
        lay_out(&messages[0], NODE_PREFIX, nodes + done * PAIR_BYTES, PAIR_BYTES);
        lay_out(&messages[1], NODE_PREFIX, nodes + (done + more) * PAIR_BYTES, PAIR_BYTES);
        sha256_both(messages, hashes);
        memcpy(parents + done * HASH_BYTES, hashes, (1 + more) * HASH_BYTES);
    }
}

static PyObject *parents(PyObject *module, PyObject *argument)
{
    (void)module;
    char *nodes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(argument, &nodes, &size) < 0)
        return NULL;
    const Py_ssize_t pairs = size / PAIR_BYTES;
    PyObject *hashed = PyBytes_FromStringAndSize(NULL, pairs * HASH_BYTES);
    if (hashed == NULL)
        return NULL;
    uint8_t *to = (uint8_t *)PyBytes_AsString(hashed);
    Py_BEGIN_ALLOW_THREADS
    hash_pairs((const uint8_t *)nodes, (size_t)pairs, to);
    Py_END_ALLOW_THREADS
    return hashed;
}

static PyMethodDef methods[] = {
    {"sound_run", sound_run, METH_VARARGS, NULL},
    {"parents", parents, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_native",
    .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__native(void)
{
    if (!has_sha_instructions()) {
        PyErr_SetString(PyExc_ImportError, "this processor has no instructions for SHA-256");
        return NULL;
    }
    return PyModule_Create(&definition);
}
