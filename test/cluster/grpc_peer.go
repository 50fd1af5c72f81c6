// A server and a client of gRPC, of the library most programs use, for what the installed chart must carry.
//
//	grpc-peer server ADDRESS              prints its port; ends with standard input, telling {"cancelled": N}
//	grpc-peer client TARGET HOST CASE     exit code 0 and one line when the case went as it must
//
// Messages are bytes: no schema is needed to see that they arrive as they left, in order, and with their status.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type raw struct{}

func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = append([]byte(nil), data...); return nil }
func (raw) Name() string                       { return "bytes" }

const largest = 8 << 20

var cancelled atomic.Int64

// ---- server ----

func serve(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	ctx := stream.Context()
	given, _ := metadata.FromIncomingContext(ctx)
	switch method {
	case "/pintle.test.Peer/Echo":
		if err := stream.SendHeader(metadata.Pairs("x-first", first(given, "x-given"))); err != nil {
			return err
		}
		stream.SetTrailer(metadata.Pairs("x-last", first(given, "x-given")))
		for {
			var message []byte
			if err := stream.RecvMsg(&message); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if err := stream.SendMsg(&message); err != nil {
				return err
			}
		}
	case "/pintle.test.Peer/Fail":
		code, _ := strconv.Atoi(first(given, "x-code"))
		return status.Error(codes.Code(code), "no, said the server: ñ 100 %")
	case "/pintle.test.Peer/Wait":
		<-ctx.Done()
		cancelled.Add(1)
		return ctx.Err()
	case "/pintle.test.Peer/Cancelled":
		var message []byte
		if err := stream.RecvMsg(&message); err != nil {
			return err
		}
		message = []byte(strconv.FormatInt(cancelled.Load(), 10))
		return stream.SendMsg(&message)
	}
	return status.Error(codes.Unimplemented, "the server has no "+method)
}

func first(values metadata.MD, name string) string {
	if found := values.Get(name); len(found) > 0 {
		return found[0]
	}
	return ""
}

func server(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	peer := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(serve), grpc.MaxRecvMsgSize(largest),
		grpc.MaxSendMsgSize(largest))
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		fmt.Printf("{\"cancelled\": %d}\n", cancelled.Load())
		peer.Stop()
	}()
	return peer.Serve(listener)
}

// ---- client ----

var both = &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}

type client struct{ *grpc.ClientConn }

func (c client) call(ctx context.Context, method string, message []byte) ([]byte, error) {
	var answer []byte
	err := c.Invoke(ctx, method, &message, &answer)
	return answer, err
}

func (c client) echo(ctx context.Context, message []byte) error {
	answer, err := c.call(ctx, "/pintle.test.Peer/Echo", message)
	if err == nil && !bytes.Equal(answer, message) {
		err = fmt.Errorf("%d bytes came back of %d", len(answer), len(message))
	}
	return err
}

func want(err error, code codes.Code) (string, error) {
	if status.Code(err) != code {
		return "", fmt.Errorf("%v was wanted, not: %w", code, err)
	}
	return status.Convert(err).Message(), nil
}

func (c client) unary(ctx context.Context) (string, error) {
	var head, last metadata.MD
	message, answer := []byte("a message"), []byte(nil)
	ctx = metadata.AppendToOutgoingContext(ctx, "x-given", "words")
	err := c.Invoke(ctx, "/pintle.test.Peer/Echo", &message, &answer, grpc.Header(&head), grpc.Trailer(&last))
	if err == nil && (string(answer) != "a message" || first(head, "x-first") != "words" || first(last, "x-last") != "words") {
		err = fmt.Errorf("answer %q, header %v, trailer %v", answer, head, last)
	}
	return "metadata in front and behind", err
}

func (c client) large(ctx context.Context) (string, error) {
	return "6 MB both ways", c.echo(ctx, bytes.Repeat([]byte("0123456789abcdef"), 6<<20/16))
}

func (c client) many(ctx context.Context) (string, error) {
	const callers, calls = 50, 100
	var group sync.WaitGroup
	failed := make(chan error, callers)
	for caller := range callers {
		group.Go(func() {
			for call := range calls {
				if err := c.echo(ctx, fmt.Appendf(nil, "%d of %d", call, caller)); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return fmt.Sprintf("%d calls, %d at once", callers*calls, callers), <-failed
}

// pingPong sends one message after the other, each when the one before has come back.
func (c client) pingPong(ctx context.Context, time_ time.Duration, pause time.Duration) (string, error) {
	stream, err := c.NewStream(ctx, both, "/pintle.test.Peer/Echo")
	if err != nil {
		return "", err
	}
	count := 0
	for ends := time.Now().Add(time_); time.Now().Before(ends); count++ {
		message := fmt.Appendf(nil, "message %d", count)
		if err := stream.SendMsg(&message); err != nil {
			return "", err
		}
		var answer []byte
		if err := stream.RecvMsg(&answer); err != nil || !bytes.Equal(answer, message) {
			return "", fmt.Errorf("answer %q to %q: %w", answer, message, err)
		}
		time.Sleep(pause)
	}
	if err := stream.CloseSend(); err != nil {
		return "", err
	}
	var rest []byte
	if err := stream.RecvMsg(&rest); !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("after the last message: %q, %w", rest, err)
	}
	return fmt.Sprintf("%d messages to and fro on one stream", count), nil
}

// flood sends all it has before it reads, more than all windows hold.
func (c client) flood(ctx context.Context) (string, error) {
	const count, size = 400, 100_000
	stream, err := c.NewStream(ctx, both, "/pintle.test.Peer/Echo")
	if err != nil {
		return "", err
	}
	sent := make(chan error, 1)
	go func() {
		for number := range count {
			message := bytes.Repeat([]byte{byte(number)}, size)
			if err := stream.SendMsg(&message); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	time.Sleep(500 * time.Millisecond)
	for number := range count {
		var answer []byte
		if err := stream.RecvMsg(&answer); err != nil || len(answer) != size || answer[0] != byte(number) {
			return "", fmt.Errorf("message %d: %d bytes, %w", number, len(answer), err)
		}
	}
	return fmt.Sprintf("%d MB on one stream, read late", count*size/1_000_000), <-sent
}

func (c client) fail(ctx context.Context) (string, error) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		_, err := c.call(metadata.AppendToOutgoingContext(ctx, "x-code", strconv.Itoa(int(code))), "/pintle.test.Peer/Fail", nil)
		told, err := want(err, code)
		if err == nil && told != "no, said the server: ñ 100 %" {
			err = fmt.Errorf("message of %v: %q", code, told)
		}
		if err != nil {
			return "", err
		}
	}
	return "each code of gRPC, message whole", nil
}

func (c client) cancelledSoFar(ctx context.Context) (int, error) {
	answer, err := c.call(ctx, "/pintle.test.Peer/Cancelled", nil)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(answer))
}

// seen is when the server has noticed one more call that was given up.
func (c client) seen(ctx context.Context, before int) error {
	for began := time.Now(); time.Since(began) < 5*time.Second; time.Sleep(20 * time.Millisecond) {
		if now, err := c.cancelledSoFar(ctx); err != nil || now > before {
			return err
		}
	}
	return errors.New("the server did not notice")
}

func (c client) givenUp(ctx context.Context, code codes.Code, limited func(context.Context) (context.Context, context.CancelFunc)) (string, error) {
	before, err := c.cancelledSoFar(ctx)
	if err != nil {
		return "", err
	}
	short, cancel := limited(ctx)
	defer cancel()
	_, err = c.call(short, "/pintle.test.Peer/Wait", nil)
	if _, err = want(err, code); err != nil {
		return "", err
	}
	return "the server noticed", c.seen(ctx, before)
}

func (c client) cancel(ctx context.Context) (string, error) {
	return c.givenUp(ctx, codes.Canceled, func(ctx context.Context) (context.Context, context.CancelFunc) {
		short, cancel := context.WithCancel(ctx)
		time.AfterFunc(200*time.Millisecond, cancel)
		return short, cancel
	})
}

func (c client) deadline(ctx context.Context) (string, error) {
	return c.givenUp(ctx, codes.DeadlineExceeded, func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 300*time.Millisecond)
	})
}

func run(target, host, what string) (string, error) {
	connection, err := grpc.NewClient("passthrough:///"+target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority(host), grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(largest),
			grpc.MaxCallSendMsgSize(largest)))
	if err != nil {
		return "", err
	}
	defer connection.Close()
	ctx, done := context.WithTimeout(context.Background(), 90*time.Second)
	defer done()
	c := client{connection}
	switch what {
	case "unary":
		return c.unary(ctx)
	case "large":
		return c.large(ctx)
	case "many":
		return c.many(ctx)
	case "stream":
		return c.pingPong(ctx, 2*time.Second, 0)
	case "long":
		return c.pingPong(ctx, 15*time.Second, 50*time.Millisecond)
	case "flood":
		return c.flood(ctx)
	case "fail":
		return c.fail(ctx)
	case "cancel":
		return c.cancel(ctx)
	case "deadline":
		return c.deadline(ctx)
	case "no-route":
		_, err := c.call(ctx, "/pintle.test.Nobody/Call", nil)
		return want(err, codes.Unimplemented)
	case "no-backend":
		_, err := c.call(ctx, "/pintle.test.Gone/Call", nil)
		return want(err, codes.Unavailable)
	}
	return "", fmt.Errorf("there is no case %q", what)
}

func main() {
	err := errors.New("grpc-peer server ADDRESS | client TARGET HOST CASE")
	switch {
	case len(os.Args) == 3 && os.Args[1] == "server":
		err = server(os.Args[2])
	case len(os.Args) == 5 && os.Args[1] == "client":
		var told string
		if told, err = run(os.Args[2], os.Args[3], os.Args[4]); err == nil {
			fmt.Println(told)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
