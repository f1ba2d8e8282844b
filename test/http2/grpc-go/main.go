// Client and server of the service test.Echo in grpc-go: `grpc-go serve` prints the port that it listens on, `grpc-go call ADDRESS`
// makes every kind of call and prints one line for each; `grpc-go load unary|stream ADDRESS SECONDS CONNECTIONS` calls as fast as
// it can, 16 calls at once on each connection, and prints what it got as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const maxMessage = 16 << 20

type text = wrapperspb.StringValue

func unary(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := new(text)
	if err := decode(request); err != nil {
		return nil, err
	}
	switch request.Value {
	case "fail":
		grpc.SetTrailer(ctx, metadata.Pairs("x-why", "because"))
		return nil, status.Error(codes.AlreadyExists, "there is one: 100 %")
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	received, _ := metadata.FromIncomingContext(ctx)
	grpc.SetHeader(ctx, metadata.Pairs("x-seen", strings.Join(received.Get("x-sent"), ","), "x-bin-bin", "\x00\xff\n"))
	return request, nil
}

func up(_ any, stream grpc.ServerStream) error {
	bytes := 0
	for {
		request := new(text)
		err := stream.RecvMsg(request)
		if err == io.EOF {
			return stream.SendMsg(wrapperspb.String(strconv.Itoa(bytes)))
		}
		if err != nil {
			return err
		}
		bytes += len(request.Value)
	}
}

func down(_ any, stream grpc.ServerStream) error {
	request := new(text)
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	count, _ := strconv.Atoi(request.Value)
	for i := range count {
		if err := stream.SendMsg(wrapperspb.String(fmt.Sprintf("message %d", i))); err != nil {
			return err
		}
	}
	return nil
}

func both(_ any, stream grpc.ServerStream) error {
	for {
		request := new(text)
		err := stream.RecvMsg(request)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.SendMsg(wrapperspb.String(strings.ToUpper(request.Value))); err != nil {
			return err
		}
	}
}

var upStream = grpc.StreamDesc{StreamName: "Up", Handler: up, ClientStreams: true}
var downStream = grpc.StreamDesc{StreamName: "Down", Handler: down, ServerStreams: true}
var bothStream = grpc.StreamDesc{StreamName: "Both", Handler: both, ClientStreams: true, ServerStreams: true}
var service = grpc.ServiceDesc{
	ServiceName: "test.Echo",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: unary}},
	Streams:     []grpc.StreamDesc{upStream, downStream, bothStream},
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	server.RegisterService(&service, nil)
	go func() {
		io.Copy(io.Discard, os.Stdin) // The test ends the server by closing its input.
		server.Stop()
	}()
	return server.Serve(listener)
}

func call(address string) error {
	connection, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	ask := func(ctx context.Context, value string, options ...grpc.CallOption) (string, error) {
		answer := new(text)
		err := connection.Invoke(ctx, "/test.Echo/Unary", wrapperspb.String(value), answer, options...)
		return answer.Value, err
	}

	var header, trailer metadata.MD
	answer, err := ask(metadata.AppendToOutgoingContext(ctx, "x-sent", "with the call"), "hello", grpc.Header(&header))
	fmt.Printf("unary: %q %v %q %q\n", answer, err, header.Get("x-seen"), header.Get("x-bin-bin"))

	_, err = ask(ctx, "fail", grpc.Trailer(&trailer))
	fmt.Printf("error: %v %q %q\n", status.Code(err), status.Convert(err).Message(), trailer.Get("x-why"))

	answer, err = ask(ctx, strings.Repeat("x", 3_000_000))
	fmt.Printf("large: %d %v\n", len(answer), err)

	answer, err = ask(ctx, strings.Repeat("y", 100_000), grpc.UseCompressor(gzip.Name))
	fmt.Printf("gzip: %d %v\n", len(answer), err)

	short, cancelShort := context.WithTimeout(ctx, 100*time.Millisecond)
	_, err = ask(short, "hang")
	cancelShort()
	fmt.Printf("deadline: %v\n", status.Code(err))

	stream, err := connection.NewStream(ctx, &upStream, "/test.Echo/Up")
	if err != nil {
		return err
	}
	for range 1000 {
		if err := stream.SendMsg(wrapperspb.String(strings.Repeat("x", 100))); err != nil {
			return err
		}
	}
	stream.CloseSend()
	received := new(text)
	err = stream.RecvMsg(received)
	fmt.Printf("up: %s %v\n", received.Value, err)

	stream, err = connection.NewStream(ctx, &downStream, "/test.Echo/Down")
	if err != nil {
		return err
	}
	stream.SendMsg(wrapperspb.String("2000"))
	stream.CloseSend()
	count := 0
	for err = nil; err == nil; {
		if err = stream.RecvMsg(received); err == nil {
			count++
		}
	}
	fmt.Printf("down: %d %s %v\n", count, received.Value, err)

	stream, err = connection.NewStream(ctx, &bothStream, "/test.Echo/Both")
	if err != nil {
		return err
	}
	var answers []string
	for _, value := range []string{"a", "b", "c"} {
		if err := stream.SendMsg(wrapperspb.String(value)); err != nil {
			return err
		}
		if err := stream.RecvMsg(received); err != nil {
			return err
		}
		answers = append(answers, received.Value)
	}
	stream.CloseSend()
	fmt.Printf("both: %v %v\n", answers, stream.RecvMsg(received))

	var group sync.WaitGroup
	var lock sync.Mutex
	good := 0
	for i := range 200 {
		group.Go(func() {
			answer, err := ask(ctx, strconv.Itoa(i))
			lock.Lock()
			defer lock.Unlock()
			if err == nil && answer == strconv.Itoa(i) {
				good++
			}
		})
	}
	group.Wait()
	fmt.Printf("many: %d\n", good)
	return connection.Close()
}

// One answer, its latency in it.
type sample struct {
	took time.Duration
	err  error
}

// Calls one after the other until the time is over.
func callUnary(connection *grpc.ClientConn, end time.Time, tell func(sample)) {
	request, answer := wrapperspb.String("hello, this is a message"), new(text)
	for time.Now().Before(end) {
		start := time.Now()
		err := connection.Invoke(context.Background(), "/test.Echo/Unary", request, answer)
		tell(sample{time.Since(start), err})
	}
}

// Messages to and fro on one stream until the time is over.
func callStream(connection *grpc.ClientConn, end time.Time, tell func(sample)) {
	stream, err := connection.NewStream(context.Background(), &bothStream, "/test.Echo/Both")
	request, answer := wrapperspb.String("hello, this is a message"), new(text)
	for err == nil && time.Now().Before(end) {
		start := time.Now()
		if err = stream.SendMsg(request); err == nil {
			err = stream.RecvMsg(answer)
		}
		tell(sample{time.Since(start), err})
	}
	if err != nil {
		tell(sample{0, err})
	} else {
		stream.CloseSend()
		stream.RecvMsg(answer)
	}
}

func load(kind, address, seconds, connections string) error {
	duration, _ := strconv.ParseFloat(seconds, 64)
	count, _ := strconv.Atoi(connections)
	work := callUnary
	if kind == "stream" {
		work = callStream
	}
	end := time.Now().Add(time.Duration(duration * float64(time.Second)))
	var group sync.WaitGroup
	var lock sync.Mutex
	var took []time.Duration
	failures := map[string]int{}
	for range count {
		connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		defer connection.Close()
		for range 16 {
			group.Go(func() {
				var own []time.Duration
				var errors []string
				work(connection, end, func(s sample) {
					if s.err != nil {
						errors = append(errors, s.err.Error())
					} else {
						own = append(own, s.took)
					}
				})
				lock.Lock()
				defer lock.Unlock()
				took = append(took, own...)
				for _, text := range errors {
					failures[text]++
				}
			})
		}
	}
	group.Wait()
	slices.Sort(took)
	at := func(share float64) float64 {
		if len(took) == 0 {
			return 0
		}
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"requests": len(took), "perSecond": float64(len(took)) / duration, "p50Ms": at(0.5), "p99Ms": at(0.99), "failures": failures,
	})
}

func main() {
	var err error
	if len(os.Args) == 3 && os.Args[1] == "call" {
		err = call(os.Args[2])
	} else if len(os.Args) == 6 && os.Args[1] == "load" {
		err = load(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	} else {
		err = serve()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
