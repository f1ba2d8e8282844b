// Command descriptors writes every protobuf file that is linked into it as one FileDescriptorSet, gzipped:
// Envoy's v3 API, its contrib API, and what they import. generate.sh makes the imports and runs it.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"sort"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: descriptors OUTPUT")
	}
	var set descriptorpb.FileDescriptorSet
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
		return true
	})
	sort.Slice(set.File, func(i, j int) bool { return set.File[i].GetName() < set.File[j].GetName() })
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(&set)
	if err != nil {
		fail(err)
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		fail(err)
	}
	if _, err := zip.Write(raw); err != nil {
		fail(err)
	}
	if err := zip.Close(); err != nil {
		fail(err)
	}
	if err := os.WriteFile(os.Args[1], packed.Bytes(), 0o644); err != nil {
		fail(err)
	}
	fmt.Printf("%d files, %d bytes, %d packed\n", len(set.File), len(raw), packed.Len())
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(1)
}
