package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func tempBeside(name string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(name), ".spoor-*") // mode 0600
}

// writeFile writes a file that appears under its name only when it is complete,
// with mode 0600.
func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := tempBeside(name)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", name, errors.Join(err, ignoreClosed(f.Close()), os.Remove(f.Name())))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<18)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
