/* main.c - arguments, load, start, wait for a signal, stop. */
int main(void)
{
    return 0;
}
